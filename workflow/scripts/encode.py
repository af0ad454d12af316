"""The texts of one modality -> token states."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import torch

        from devaflow.encode.device import device_name, using_device
        from devaflow.encode.encoder import encode
        from devaflow.encode.locate import folder_of
        from devaflow.files import read_json, read_table

        torch.set_num_threads(snakemake.threads)
        encoder = read_json(snakemake.input.encoder)
        with using_device() as device:
            states = encode(
                read_table(snakemake.input.table)["text"],
                folder_of(encoder),
                max_tokens=snakemake.params.max_tokens,
                device=device,
                layer=snakemake.params.layer,
            )
        states.write(snakemake.output.states, snakemake.output.index, device_name(device))

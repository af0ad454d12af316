"""Train segments of a protocol -> settings that were tried, and the best as a configuration."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from pathlib import Path

        import torch

        from devaflow.encode.device import device_name, using_device
        from devaflow.files import read_table, write_json, write_text
        from devaflow.model.read_inputs import read_inputs
        from devaflow.model.search import as_configuration, search_variant
        from devaflow.provenance import fingerprint

        torch.set_num_threads(snakemake.threads)
        given, params = snakemake.input, snakemake.params
        variant, protocol = params.search["variant"], params.search["protocol"]
        inputs, transcripts = read_inputs(read_table(given.splits), given, params.max_tokens)
        with using_device() as device:
            trials = search_variant(
                inputs,
                transcripts,
                params.configuration,
                params.search,
                device,
                Path(params.journal),
                f"{fingerprint(given)} {params.code}",
            )
        found = {"device": device_name(device), "trials": trials}
        write_json(snakemake.output.trials, params.search | found)
        write_text(snakemake.output.best, as_configuration(variant, protocol, trials))

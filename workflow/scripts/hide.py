"""A trained network -> what it predicts where modalities are hidden from it."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import torch

        from devaflow.encode.device import using_device
        from devaflow.files import read_table, write_table
        from devaflow.model.bundle import read_bundle
        from devaflow.model.read_inputs import read_inputs
        from devaflow.model.score import score_hidden

        torch.set_num_threads(snakemake.threads)
        given, params = snakemake.input, snakemake.params
        bundle = read_bundle(given.bundle)
        inputs, transcripts = read_inputs(read_table(given.splits), given, params.max_tokens)
        with using_device() as device:
            tables = score_hidden(bundle, inputs, transcripts, params.hidden, device)
        for path, table in zip(snakemake.output, tables, strict=True):
            write_table(path, table)

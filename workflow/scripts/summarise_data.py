"""Splits and token states -> counts and label distribution per split, dimensions per modality."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.statistics import statistics
        from devaflow.encode.states import describe
        from devaflow.files import read_table, write_json

        splits = dict(
            zip(snakemake.params.protocols, map(read_table, snakemake.input.splits), strict=True)
        )
        files = zip(snakemake.input.states, snakemake.input.indices, strict=True)
        dimensions = {
            name: describe(states, index)
            for name, (states, index) in zip(snakemake.params.names, files, strict=True)
        }
        write_json(snakemake.output[0], statistics(splits, dimensions))

"""The status tables of the modalities -> data_quality.json."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.quality import assess
        from devaflow.files import read_table, write_json

        modalities = {
            "text": read_table(snakemake.input.transcripts),
            "audio": read_table(snakemake.input.functionals),
            "vision": read_table(snakemake.input.action_units),
        }
        splits = zip(
            snakemake.params.protocols, map(read_table, snakemake.input.splits), strict=True
        )
        write_json(snakemake.output[0], assess(modalities, dict(splits)))

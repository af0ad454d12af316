"""The status tables of the modalities -> data_quality.json, and the same as a table to read."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.quality import as_markdown, assess
        from devaflow.files import read_table, write_json, write_text
        from devaflow.jobs import announce

        modalities = {
            "text": read_table(snakemake.input.transcripts),
            "audio": read_table(snakemake.input.functionals),
            "vision": read_table(snakemake.input.action_units),
        }
        splits = zip(
            snakemake.params.protocols, map(read_table, snakemake.input.splits), strict=True
        )
        quality = assess(modalities, dict(splits))
        for gap in quality["gaps"]:
            announce(f"mind: {gap}")
        write_json(snakemake.output.quality, quality)
        write_text(snakemake.output.table, as_markdown(quality))

"""Active action units -> a description of the face for every segment."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.files import read_table, write_table
        from devaflow.vision.describe import describe, read_phrases

        descriptions = describe(
            read_table(snakemake.input.action_units),
            read_phrases(snakemake.input.phrases),
            top_k=snakemake.params.top_k,
        )
        write_table(snakemake.output[0], descriptions)

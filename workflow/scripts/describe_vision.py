"""Active action units -> a description of the face for every segment."""

from devaflow.files import read_table, write_table
from devaflow.jobs import logged
from devaflow.vision.describe import describe, read_phrases

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        descriptions = describe(
            read_table(snakemake.input.action_units),
            read_phrases(snakemake.input.phrases),
            top_k=snakemake.params.top_k,
        )
        write_table(snakemake.output[0], descriptions)

"""Segments -> transcripts as the encoder reads them."""

from devaflow.files import read_table, write_table
from devaflow.jobs import logged
from devaflow.text.transcripts import prepare_transcripts

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        transcripts = prepare_transcripts(
            read_table(snakemake.input.segments),
            lowercase=snakemake.params.lowercase,
            context=snakemake.params.context,
        )
        write_table(snakemake.output[0], transcripts)

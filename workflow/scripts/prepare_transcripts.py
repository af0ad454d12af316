"""Segments -> transcripts as the encoder reads them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.files import read_table, write_table
        from devaflow.text.transcripts import prepare_transcripts

        transcripts = prepare_transcripts(
            read_table(snakemake.input.segments),
            lowercase=snakemake.params.lowercase,
            context=snakemake.params.context,
        )
        write_table(snakemake.output[0], transcripts)

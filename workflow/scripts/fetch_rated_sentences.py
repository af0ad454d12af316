"""The package that carries them -> sentences whose sentiment people rated."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.encode.rated_sentences import fetch_rated_sentences
        from devaflow.files import write_table

        write_table(snakemake.output[0], fetch_rated_sentences())

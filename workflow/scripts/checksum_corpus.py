"""label.csv, clips and feature tables -> one checksum."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.checksum import checksum_corpus
        from devaflow.files import write_json

        write_json(
            snakemake.output[0], checksum_corpus(snakemake.input.labels, snakemake.input.data)
        )

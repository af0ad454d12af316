"""Segments -> which of them train, validate and test under one protocol."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.splits import PROTOCOLS
        from devaflow.files import read_table, write_table

        segments = read_table(snakemake.input.segments)
        write_table(snakemake.output[0], PROTOCOLS[snakemake.wildcards.protocol](segments))

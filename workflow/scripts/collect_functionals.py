"""The voice functionals of all units -> one table, one row a segment."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.tables import collect
        from devaflow.files import read_table, write_table

        units = map(read_table, snakemake.input.units)
        write_table(snakemake.output[0], collect(units, snakemake.params.segments))

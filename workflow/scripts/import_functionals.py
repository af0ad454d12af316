"""A table of voice functionals that a user has -> the table that collect_functionals makes."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.audio.import_functionals import read_functionals
        from devaflow.files import write_table

        given, segments = snakemake.input.table[0], snakemake.params.segments
        write_table(snakemake.output[0], read_functionals(given, segments))

"""A table of action-unit counts that a user has -> the table that count_action_units makes."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.files import write_table
        from devaflow.vision.import_action_units import read_activity

        given, segments = snakemake.input.table[0], snakemake.params.segments
        write_table(snakemake.output[0], read_activity(given, segments))

"""Voice functionals and thresholds -> a description of the voice for every segment."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.audio.describe import describe
        from devaflow.audio.levels import Levels
        from devaflow.files import read_json, read_table, write_table

        levels = Levels.from_dict(read_json(snakemake.input.levels))
        write_table(snakemake.output[0], describe(read_table(snakemake.input.functionals), levels))

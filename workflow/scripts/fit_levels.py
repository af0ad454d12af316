"""Voice functionals of a fold -> the thresholds between low, normal and high."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.audio.levels import fit_levels
        from devaflow.corpus.parts import keys_of
        from devaflow.files import read_table, write_json

        fold = keys_of(read_table(snakemake.input.splits), snakemake.params.fit_on)
        levels = fit_levels(
            read_table(snakemake.input.functionals), fold, scope=snakemake.params.scope
        )
        write_json(snakemake.output[0], levels.to_dict())

"""Predictions of variants and of their ablations -> what each part is worth; a figure of it."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.evaluate.ablations import collect, draw
        from devaflow.evaluate.predictors import read_trainings
        from devaflow.files import atomic, write_table

        params = snakemake.params
        trainings = read_trainings(
            params.protocols, params.trained, params.seeds, snakemake.input.predictions
        )
        table = collect(trainings, params.bootstrap_samples)
        write_table(snakemake.output.table, table)
        with atomic(snakemake.output.figure) as partial:
            draw(table, partial)

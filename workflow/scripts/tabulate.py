"""Predictions of variants, ensembles and references -> one table of metrics, also to read."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.quality import gaps
        from devaflow.evaluate.predictors import read_predictors
        from devaflow.evaluate.table import as_markdown, tabulate
        from devaflow.files import read_json, write_table, write_text

        params = snakemake.params
        predictors = read_predictors(
            params.protocols, params.variants, params.seeds, params.encoders, snakemake.input
        )
        table = tabulate(predictors, params.bootstrap_samples)
        write_table(snakemake.output.table, table)
        quality = read_json(snakemake.input.quality)
        write_text(snakemake.output.text, as_markdown(table, gaps(quality)))

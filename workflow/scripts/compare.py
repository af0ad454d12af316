"""Predictions of variants, ensembles and references -> paired tests, and a table, also to read."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.evaluate.comparison import compare
        from devaflow.evaluate.predictors import read_predictors
        from devaflow.evaluate.table import as_markdown, tabulate
        from devaflow.files import read_json, write_json, write_table, write_text

        given, output, params = snakemake.input, snakemake.output, snakemake.params
        predictors = read_predictors(
            params.protocols, params.variants, params.seeds, params.encoders, given
        )
        comparison = {
            protocol: compare(members, params.bootstrap_samples)
            for protocol, members in predictors.items()
        }
        table = tabulate(predictors, params.bootstrap_samples)
        write_json(output.comparison, comparison)
        write_table(output.table, table)
        write_text(output.text, as_markdown(table, read_json(given.quality)["gaps"]))

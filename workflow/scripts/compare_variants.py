"""Predictions of variants, ensembles and references -> paired tests between any two."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.evaluate.comparison import compare
        from devaflow.evaluate.predictors import read_predictors
        from devaflow.files import write_json

        params = snakemake.params
        predictors = read_predictors(
            params.protocols, params.variants, params.seeds, params.encoders, snakemake.input
        )
        comparison = {
            protocol: compare(members, params.bootstrap_samples)
            for protocol, members in predictors.items()
        }
        write_json(snakemake.output[0], comparison)

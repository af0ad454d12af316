"""Predictions of all variants and of the references -> paired tests between any two."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from itertools import product

        from devaflow.evaluate.comparison import compare
        from devaflow.evaluate.predictions import unstacked
        from devaflow.files import read_table, write_json

        given, params = snakemake.input, snakemake.params
        runs = product(params.protocols, params.variants, params.seeds)
        tables = dict(zip(runs, map(read_table, given.predictions), strict=True))
        comparison = {}
        for protocol, references in zip(params.protocols, given.references, strict=True):
            predictors = {
                variant: {seed: tables[protocol, variant, seed] for seed in params.seeds}
                for variant in params.variants
            }
            predictors |= {n: {0: table} for n, table in unstacked(read_table(references)).items()}
            comparison[protocol] = compare(predictors, params.bootstrap_samples)
        write_json(snakemake.output[0], comparison)

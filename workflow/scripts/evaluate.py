"""Predictions, references and what is known of the data -> metrics, and the model behind them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from dataclasses import replace
        from itertools import product

        from devaflow.encode.locate import identity
        from devaflow.evaluate.predictions import unstacked
        from devaflow.evaluate.predictors import read_trainings
        from devaflow.evaluate.summary import handed_on, summary
        from devaflow.files import read_json, read_table, write_json
        from devaflow.model.bundle import read_bundle, write_bundle
        from devaflow.provenance import training_environments
        from devaflow.versions import versions

        given, params = snakemake.input, snakemake.params
        configuration, variant = params.configuration, snakemake.wildcards.variant
        seeds = configuration["seeds"]
        predictions = read_trainings(params.protocols, [variant], seeds, given.predictions)
        references = {
            protocol: unstacked(read_table(shared)) | unstacked(read_table(own))
            for protocol, shared, own in zip(
                params.protocols, given.references, given.embeddings, strict=True
            )
        }
        quality = read_json(given.quality)
        metrics = summary(
            variant,
            configuration["protocols"],
            {protocol: of[variant] for protocol, of in predictions.items()},
            references,
            params.untrainable,
            data=read_json(given.statistics)
            | {"quality": quality["overall"], "gaps": quality["gaps"]},
            provenance={
                "configuration": configuration,
                "versions": versions(),
                "trained_on": training_environments(map(read_json, given.histories)),
                "encoders": [identity(read_json(encoder)) for encoder in given.encoders],
                "code_sha256": params.code,
                "corpus": read_json(given.checksum),
            },
            resamples=configuration["bootstrap_samples"],
        )
        write_json(snakemake.output.metrics, metrics)
        reached = handed_on(metrics)
        bundles = dict(zip(product(params.protocols, seeds), given.bundles, strict=True))
        bundle = read_bundle(bundles[reached["protocol"], reached["seed"]])
        model = replace(bundle, metrics=reached, preprocessing=params.preprocessing)
        write_bundle(snakemake.output.model, model)

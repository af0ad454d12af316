"""Predictions, references and what is known of the data -> metrics, and the model behind them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from dataclasses import replace

        from devaflow.encode.locate import identity
        from devaflow.evaluate.predictors import by_training, read_references, read_trainings
        from devaflow.evaluate.summary import handed_on, summary
        from devaflow.files import read_json, write_json
        from devaflow.model.bundle import read_bundle, write_bundle
        from devaflow.provenance import training_environments
        from devaflow.versions import versions

        given, params = snakemake.input, snakemake.params
        configuration, variant = params.configuration, snakemake.wildcards.variant
        seeds = configuration["seeds"]
        trained = (params.protocols, [variant], seeds)
        predictions = read_trainings(*trained, given.predictions)
        quality = read_json(given.quality)
        histories = [read_json(history) for history in given.histories]
        metrics = summary(
            variant,
            configuration["protocols"],
            {protocol: runs[variant] for protocol, runs in predictions.items()},
            read_references(params.protocols, given),
            params.untrainable,
            data=read_json(given.statistics)
            | {"quality": quality["overall"], "gaps": quality["gaps"]},
            provenance={
                "configuration": configuration,
                "versions": versions(),
                "trained_on": training_environments(histories),
                "trained_weights": [each["trained_weights"] for each in histories[0]["networks"]],
                "encoders": [identity(read_json(encoder)) for encoder in given.encoders],
                "code_sha256": params.all_code,
                "corpus": read_json(given.checksum),
            },
            resamples=configuration["bootstrap_samples"],
        )
        write_json(snakemake.output.metrics, metrics)
        reached = handed_on(metrics)
        bundles = by_training(*trained, given.bundles)
        bundle = read_bundle(bundles[reached["protocol"], variant, reached["seed"]])
        model = replace(bundle, metrics=reached, preprocessing=params.preprocessing)
        write_bundle(snakemake.output.model, model)

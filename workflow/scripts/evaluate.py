"""Predictions, references and what is known of the data -> metrics, and the model behind them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from dataclasses import replace
        from itertools import product

        from devaflow.corpus.quality import gaps
        from devaflow.encode.locate import identity
        from devaflow.evaluate.predictions import unstacked
        from devaflow.evaluate.summary import handed_on, summary
        from devaflow.files import read_json, read_table, write_json
        from devaflow.model.bundle import read_bundle, write_bundle
        from devaflow.provenance import trainings
        from devaflow.versions import versions

        given, params = snakemake.input, snakemake.params
        configuration = params.configuration
        runs = list(product(params.protocols, configuration["seeds"]))
        tables = dict(zip(runs, map(read_table, given.predictions), strict=True))
        references = {
            protocol: unstacked(read_table(shared)) | unstacked(read_table(own))
            for protocol, shared, own in zip(
                params.protocols, given.references, given.embeddings, strict=True
            )
        }
        quality = read_json(given.quality)
        metrics = summary(
            snakemake.wildcards.variant,
            configuration["protocols"],
            {
                protocol: {seed: tables[protocol, seed] for seed in configuration["seeds"]}
                for protocol in params.protocols
            },
            references,
            params.untrainable,
            data=read_json(given.statistics)
            | {"quality": quality["overall"], "gaps": gaps(quality)},
            provenance={
                "configuration": configuration,
                "versions": versions(),
                "trained_on": trainings(map(read_json, given.histories)),
                "encoders": [identity(read_json(encoder)) for encoder in given.encoders],
                "code_sha256": params.code,
                "corpus": read_json(given.checksum),
            },
            resamples=configuration["bootstrap_samples"],
        )
        write_json(snakemake.output.metrics, metrics)
        reached = handed_on(metrics)
        bundle = given.bundles[runs.index((reached["protocol"], reached["seed"]))]
        model = replace(read_bundle(bundle), metrics=reached, preprocessing=params.reading)
        write_bundle(snakemake.output.model, model)

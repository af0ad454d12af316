"""Predictions, references and what is known of the data -> metrics, and the model behind them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from dataclasses import replace
        from itertools import product

        from devaflow.evaluate.predictions import unstacked
        from devaflow.evaluate.summary import summary
        from devaflow.files import read_json, read_table, write_json
        from devaflow.model.bundle import read_bundle, write_bundle
        from devaflow.provenance import versions

        given, params = snakemake.input, snakemake.params
        configuration = params.configuration
        runs = list(product(params.protocols, configuration["seeds"]))
        tables = dict(zip(runs, map(read_table, given.predictions), strict=True))
        references = map(unstacked, map(read_table, given.references))
        metrics = summary(
            snakemake.wildcards.variant,
            configuration["protocols"],
            {
                protocol: {seed: tables[protocol, seed] for seed in configuration["seeds"]}
                for protocol in params.protocols
            },
            dict(zip(params.protocols, references, strict=True)),
            params.untrainable,
            data=read_json(given.statistics) | {"quality": read_json(given.quality)["overall"]},
            provenance={
                "configuration": configuration,
                "versions": versions(),
                "encoder": {k: v for k, v in read_json(given.encoder).items() if k != "folder"},
                "code_sha256": params.code,
                "corpus": read_json(given.checksum),
            },
            resamples=configuration["bootstrap_samples"],
        )
        write_json(snakemake.output.metrics, metrics)
        protocol = metrics["headline_protocol"] or params.protocols[0]
        seed = configuration["seeds"][0]
        bundle = read_bundle(given.bundles[runs.index((protocol, seed))])
        reached = {"protocol": protocol, "seed": seed}
        reached["test"] = metrics["seeds"][protocol][str(seed)]
        write_bundle(snakemake.output.model, replace(bundle, metrics=reached))

"""One variant, protocol and seed -> a trained network, its predictions and how it got there."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import torch

        from devaflow.encode.device import using_device
        from devaflow.encode.locate import identity
        from devaflow.files import read_json, read_table, write_json, write_table
        from devaflow.model.bundle import Bundle, write_bundle
        from devaflow.model.read_inputs import read_inputs
        from devaflow.model.variant import train_variant
        from devaflow.versions import versions

        torch.set_num_threads(snakemake.threads)
        given, params = snakemake.input, snakemake.params
        inputs, transcripts = read_inputs(read_table(given.splits), given, params.max_tokens)
        with using_device() as device:
            seed = int(snakemake.wildcards.seed)
            outcome = train_variant(inputs, transcripts, params.configuration, seed, device)
        bundle = Bundle(
            variant=snakemake.wildcards.trained,
            weights=outcome.weights,
            normalisation=outcome.normalisation,
            thresholds=read_json(given.levels),
            metrics={},
            configuration=params.configuration,
            encoders={each["name"]: identity(each) for each in map(read_json, given.encoders)},
            preprocessing={},
        )
        write_bundle(snakemake.output.bundle, bundle)
        write_json(snakemake.output.history, outcome.history | {"versions": versions()})
        write_table(snakemake.output.predictions, outcome.predictions)

"""One variant, protocol and seed -> a trained network, its predictions and how it got there."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import torch

        from devaflow.encode.locate import identity
        from devaflow.encode.states import TokenStates
        from devaflow.files import read_json, read_table, write_json, write_table
        from devaflow.model.bundle import Bundle, write_bundle
        from devaflow.model.inputs import MODALITIES, Inputs
        from devaflow.model.values import measured_values
        from devaflow.model.variant import train_variant

        torch.set_num_threads(snakemake.threads)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        given = snakemake.input
        inputs = Inputs.join(
            read_table(given.splits),
            {name: read_table(given[name]) for name in MODALITIES},
            {n: TokenStates.read(given[f"{n}_states"], given[f"{n}_index"]) for n in MODALITIES},
            measured_values(read_table(given.functionals), read_table(given.action_units)),
        )
        variant, seed = snakemake.params.configuration, int(snakemake.wildcards.seed)
        trained, predictions = train_variant(inputs, variant, seed, device)
        bundle = Bundle(
            variant=snakemake.wildcards.trained,
            weights=trained.network.state_dict(),
            normalisation=trained.normalisation,
            thresholds=read_json(given.levels),
            metrics={},
            configuration=variant,
            encoder=identity(read_json(given.encoder)),
        )
        write_bundle(snakemake.output.bundle, bundle)
        write_json(
            snakemake.output.history,
            {"best_epoch": trained.best_epoch, "epochs": trained.history},
        )
        write_table(snakemake.output.predictions, predictions)

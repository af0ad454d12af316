"""The same as train.py, with the upper layers of the text encoder trained too."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from pathlib import Path

        import torch

        from devaflow.encode.locate import identity
        from devaflow.encode.states import TokenStates
        from devaflow.files import read_json, read_table, write_json, write_table
        from devaflow.model.bundle import Bundle, write_bundle
        from devaflow.model.inputs import MODALITIES, Inputs
        from devaflow.model.values import measured_values
        from devaflow.model.variant import finetune_variant

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
        encoder = read_json(given.encoder)
        trained, predictions = finetune_variant(
            inputs,
            read_table(given.text),
            Path(encoder["folder"]),
            snakemake.params.max_tokens,
            variant,
            seed,
            device,
        )
        bundle = Bundle(
            variant=snakemake.wildcards.trained,
            weights=trained.network.state_dict(),
            normalisation=trained.normalisation,
            thresholds=read_json(given.levels),
            metrics={},
            configuration=variant,
            encoder=identity(encoder),
        )
        write_bundle(snakemake.output.bundle, bundle)
        write_json(snakemake.output.history, {"epochs": trained.history})
        write_table(snakemake.output.predictions, predictions)

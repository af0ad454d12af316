"""The specification of an encoder -> where it lies and what it is."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from pathlib import Path

        from devaflow.encode.locate import locate_encoder
        from devaflow.files import write_json

        encoder = locate_encoder(
            snakemake.wildcards.encoder, snakemake.params.spec, Path(snakemake.params.models)
        )
        write_json(snakemake.output[0], encoder)

"""A trained model -> what it asks of a corpus, and its thresholds of the voice's levels."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from pathlib import Path

        from devaflow.files import sha256, write_json
        from devaflow.jobs import log
        from devaflow.model.bundle import read_bundle
        from devaflow.model.score import require_present, requirements

        params = snakemake.params
        path = params.model["path"]
        bundle = read_bundle(path)
        found = requirements(bundle, params.preprocessing)
        require_present(bundle, params.encoders, Path(params.models))
        for difference in found["measured_otherwise"]:
            log.warning("%s", difference)
        write_json(snakemake.output.levels, bundle.thresholds)
        write_json(snakemake.output.requirements, {"sha256": sha256(path)} | found)

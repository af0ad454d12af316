"""The clips of a unit -> the four voice functionals (openSMILE) and a status for each clip."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import tempfile
        from pathlib import Path

        from devaflow.audio.functionals import extract
        from devaflow.corpus.clips import Clip
        from devaflow.files import write_table

        with tempfile.TemporaryDirectory() as scratch:
            functionals = extract(
                [Clip.at(*clip) for clip in snakemake.params.clips],
                Path(scratch),
                feature_set=snakemake.params.feature_set,
                max_seconds=snakemake.params.max_seconds,
            )
            write_table(snakemake.output[0], functionals)

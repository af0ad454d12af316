"""The clips of a unit -> action units frame by frame (OpenFace), and a status for each clip."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.clips import Clip
        from devaflow.files import write_table
        from devaflow.vision.frames import write_frames
        from devaflow.vision.openface import extract
        from devaflow.vision.openface_program import Program

        frames, clips = extract(
            [Clip.at(*clip) for clip in snakemake.params.clips],
            Program.locate(**snakemake.params.openface, timeout_s=snakemake.resources.timeout_s),
            **snakemake.params.limits,
        )
        write_frames(snakemake.output.frames, frames)
        write_table(snakemake.output.clips, clips)

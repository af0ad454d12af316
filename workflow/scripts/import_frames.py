"""OpenFace tables that a user has -> action units frame by frame, one unit of extraction."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.excerpts import Excerpt
        from devaflow.files import write_table
        from devaflow.vision.frames import write_frames
        from devaflow.vision.import_frames import read_excerpts

        frames, clips = read_excerpts([Excerpt.at(*row) for row in snakemake.params.excerpts])
        write_frames(snakemake.output.frames, frames)
        write_table(snakemake.output.clips, clips)

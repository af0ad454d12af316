"""Action units frame by frame -> for how many frames each is active, one row a segment."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.tables import collect
        from devaflow.files import read_table, write_table
        from devaflow.jobs import progress
        from devaflow.vision.activity import activity
        from devaflow.vision.frames import read_frames

        units = list(zip(snakemake.input.frames, snakemake.input.clips, strict=True))
        counts = [
            activity(
                read_frames(frames),
                read_table(clips),
                min_run=snakemake.params.min_run,
                min_confidence=snakemake.params.min_confidence,
            )
            for frames, clips in progress(units, "action units", "units")
        ]
        write_table(snakemake.output[0], collect(counts, snakemake.params.segments))

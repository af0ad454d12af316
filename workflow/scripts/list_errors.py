"""Predictions of a variant's seeds, and what was read of each segment -> where the variant errs."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.evaluate.errors import segment_errors, video_errors
        from devaflow.files import read_table, write_text

        given, output = snakemake.input, snakemake.output
        runs = dict(zip(snakemake.params.seeds, map(read_table, given.predictions), strict=True))
        words = {name: read_table(file) for name, file in given.items() if name != "predictions"}
        segments = segment_errors(runs, words)
        write_text(output.segments, segments.to_csv(index=False, float_format="%.4f"))
        write_text(output.videos, video_errors(segments).to_csv(index=False, float_format="%.4f"))

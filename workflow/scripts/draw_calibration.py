"""Metrics of a variant -> a figure of how far its score and probability mean what they say."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.evaluate.reliability import draw
        from devaflow.files import atomic, read_json

        with atomic(snakemake.output[0]) as partial:
            draw(read_json(snakemake.input.metrics), partial)

"""label.csv -> the table of segments."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.corpus.labels import read_labels, segment_table
        from devaflow.files import write_table
        from devaflow.schemas import load_schema

        segments = read_labels(snakemake.input.labels, load_schema(snakemake.input.schema))
        write_table(snakemake.output[0], segment_table(segments))

"""One split -> what the reference predictors say about its validation and test rows."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.evaluate.predictions import stacked
        from devaflow.evaluate.references import references
        from devaflow.files import read_table, write_table

        predicted = references(read_table(snakemake.input.splits), read_table(snakemake.input.text))
        write_table(snakemake.output[0], stacked(predicted))

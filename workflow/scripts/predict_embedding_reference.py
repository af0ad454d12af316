"""One split and an encoder's states of the transcripts -> what a ridge regression makes of them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.encode.states import TokenStates
        from devaflow.evaluate.embeddings import NAME, embedding_ridge
        from devaflow.evaluate.predictions import stacked
        from devaflow.files import read_table, write_table

        given = snakemake.input
        states = TokenStates.read(given.states, given.index)
        predicted = embedding_ridge(read_table(given.splits), read_table(given.text), states)
        write_table(snakemake.output[0], stacked({NAME: predicted}))

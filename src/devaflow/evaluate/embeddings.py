"""What an encoder's sentence vector and a linear regression reach: the floor for a fusion model."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from devaflow.encode.states import TokenStates
from devaflow.evaluate.metrics import Floats
from devaflow.evaluate.references import held_out, reference_rows, ridge

NAME = "embedding-ridge"
# With n standardised rows of d features the squares sum to n times d: hundreds of thousands.
ALPHAS = tuple(float(alpha) for alpha in (10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000))


def embedding_ridge(table: pd.DataFrame, texts: pd.DataFrame, states: TokenStates) -> pd.DataFrame:
    """Ridge regression on the mean token state of the transcript, for the valid and test rows.

    `table` and `texts` are those of `devaflow.evaluate.references.references`, and so is the
    result; `states` are the encoder's for every text. The features are standardised by the train
    rows, and alpha is chosen on the valid rows.

    Raises:
        InputError: nothing can be learnt on this split, or a text is not encoded.

    """
    rows = reference_rows(table, texts)
    vectors = mean_states(states, rows["text"])
    scaler = StandardScaler().fit(vectors[(rows["split"] == "train").to_numpy()])
    return held_out(rows, ridge(rows, scaler.transform(vectors), ALPHAS))


def mean_states(states: TokenStates, texts: pd.Series) -> Floats:
    """The mean of each text's token states, (texts, hidden); 0 for a text without a token."""
    starts, lengths = states.spans(texts)
    tokens = states.states.numpy()
    spans = zip(starts.tolist(), lengths.tolist(), strict=True)
    return np.stack(
        [tokens[at : at + n].sum(axis=0, dtype=np.float64) / max(n, 1) for at, n in spans]
    )

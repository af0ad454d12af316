"""Predictors that a model has to beat on the same split before its score means anything.

Each gets `rows`, a table of video_id, split, label and text whose index is the row's position, and
returns one prediction per row (rows,), learnt from the labels of the train rows alone; the ridge
also chooses its alpha by the valid rows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error

from devaflow.corpus.clips import KEY, LIMIT
from devaflow.corpus.parts import SPLITS, require_splits
from devaflow.evaluate.metrics import Floats
from devaflow.jobs import log

ALPHAS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
# The solver for sparse features is iterative: its default leaves the fourth digit to rounding.
TOLERANCE = 1e-8
# A word, or a character of a script without blanks between words (Thai, Lao, kana, Han).
UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = rf"[{UNSPACED}]|[^\W{UNSPACED}]+"


def references(table: pd.DataFrame, texts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every reference's predictions for the labelled valid and test rows of a split.

    `table` has video_id, clip_id, split, label; `texts` has video_id, clip_id, text, of which a
    missing one counts as empty. Each result has the columns of `table` and `prediction`.

    Raises:
        InputError: nothing can be learnt on this split.

    """
    rows = reference_rows(table, texts)
    predicted = {
        "majority": majority(rows),
        "mean": mean(rows),
        "video-id": video_mean(rows),
        "tfidf-ridge": tfidf_ridge(rows),
    }
    return {name: held_out(rows, values) for name, values in predicted.items()}


def reference_rows(table: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """The labelled rows of a split with their texts; InputError where nothing can be learnt."""
    require_splits(table)
    rows = table.merge(texts[[*KEY, "text"]], on=KEY, how="left", validate="one_to_one")
    rows["text"] = rows["text"].fillna("")
    return rows[rows["split"].isin(SPLITS)].reset_index(drop=True)


def held_out(rows: pd.DataFrame, prediction: Floats) -> pd.DataFrame:
    """The valid and test rows, without their texts and with their prediction."""
    return rows.assign(prediction=prediction)[rows["split"] != "train"].drop(columns="text")


def majority(rows: pd.DataFrame) -> Floats:
    """The median training label: of all constants the one with the least training MAE.

    It is positive when most training labels are, so it also is the majority predictor of Acc-2.
    """
    return np.full(len(rows), _train(rows)["label"].median())


def mean(rows: pd.DataFrame) -> Floats:
    """The mean training label: of all constants the one with the least squared error."""
    return np.full(len(rows), _train(rows)["label"].mean())


def video_mean(rows: pd.DataFrame) -> Floats:
    """The mean training label of the row's video, of all training rows where the video is new.

    It sees no content. What it scores above `mean` is what a split gives away by having clips of
    one video on both sides.
    """
    train = _train(rows)
    known = train.groupby("video_id")["label"].mean()
    return rows["video_id"].map(known).fillna(train["label"].mean()).to_numpy(dtype=np.float64)


def tfidf_ridge(rows: pd.DataFrame) -> Floats:
    """Ridge regression on TF-IDF of the transcript's words and word pairs, clipped to [-3, 3].

    Vocabulary, weights and intercept come from the train rows; alpha is the one of ALPHAS with the
    least MAE on the valid rows (the smallest of equals), and the model is not fitted again with
    them. When no training text holds a word, nothing is left but the mean.
    """
    train = (rows["split"] == "train").to_numpy()
    if not rows["text"][train].str.contains(WORD, regex=True).any():
        return mean(rows)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=WORD)
    vectors.fit(rows["text"][train])
    return ridge(rows, vectors.transform(rows["text"]), ALPHAS)


def ridge(rows: pd.DataFrame, features: Any, alphas: Sequence[float]) -> Floats:
    """Ridge regression of the label on `features`, (rows, d) dense or sparse, clipped to [-3, 3].

    It is fitted to the train rows; alpha is the one with the least MAE on the valid rows (the
    first of equals), which are clipped too.
    """
    label = rows["label"].to_numpy(dtype=np.float64)
    train, valid = ((rows["split"] == name).to_numpy() for name in ("train", "valid"))
    models = [Ridge(alpha=a, tol=TOLERANCE).fit(features[train], label[train]) for a in alphas]
    predicted = [np.clip(model.predict(features), -LIMIT, LIMIT) for model in models]
    errors = [mean_absolute_error(label[valid], each[valid]) for each in predicted]
    best = int(np.argmin(errors))
    log.info("ridge: alpha %g of %g to %g", alphas[best], alphas[0], alphas[-1])
    return predicted[best]


def _train(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["split"] == "train"]

"""The numbers that say how far predicted sentiment scores can be trusted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import pearsonr
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    mean_absolute_error,
    precision_recall_fscore_support,
)

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Scores = dict[str, float | None]

METRICS = (
    "Acc-2",
    "F1-weighted",
    "Acc-2-Has0",
    "F1-Has0",
    "Acc-2-Non0",
    "F1-Non0",
    "Acc-5",
    "Acc-7",
    "MAE",
    "Pearson",
)
ROUNDED = {"Acc-5": 2, "Acc-7": 3}
PER_CLASS = ("precision", "recall", "f1", "mae", "bias")
CLASSES = {-1: "negative", 0: "neutral", 1: "positive"}
NEUTRAL_BELOW = 0.1
# Scores of 32 bits differ by less than this where they stand for one number.
SAME = 1e-6
DIGITS = 6
NEUTRAL_RULE = (
    f"a label is neutral when it is 0, a prediction when its absolute value is below "
    f"{NEUTRAL_BELOW}; otherwise the sign decides"
)


class Binary(NamedTuple):
    """One two-class reading of the scores; the arrays have one entry per row."""

    accuracy: str
    f1: str
    truth: Booleans
    guess: Booleans
    kept: Booleans


def binary_readings(label: Floats, prediction: Floats) -> list[Binary]:
    """The three two-class readings in use on CMU-MOSI, each with the names of its two metrics.

    The first splits at `> 0` and so counts a neutral label as negative; Has0 splits at `>= 0` and
    counts it as positive; Non0 splits at `> 0` and leaves out the rows whose label is 0. Has0 and
    Non0 are the two figures that papers on MOSI print side by side.
    """
    everything = np.ones(len(label), dtype=bool)
    return [
        Binary("Acc-2", "F1-weighted", label > 0, prediction > 0, everything),
        Binary("Acc-2-Has0", "F1-Has0", label >= 0, prediction >= 0, everything),
        Binary("Acc-2-Non0", "F1-Non0", label > 0, prediction > 0, label != 0),
    ]


def nearest_class(score: Floats, bound: int) -> Floats:
    """The whole number nearest to each score clipped to [-bound, bound]; a half goes to even."""
    return np.rint(np.clip(score, -bound, bound))


def scores(label: npt.ArrayLike, prediction: npt.ArrayLike) -> Scores:
    """All of METRICS for labels and predictions of shape (rows,), in the units of the label.

    Acc-5 and Acc-7 compare the nearest whole numbers after clipping to [-2, 2] and [-3, 3]. F1 is
    the mean over the two classes weighted by their support.

    A metric that does not exist for these rows is None: Pearson's correlation of a constant (of
    the predictions or of the labels) or of a single row, the Non0 pair when every label is 0, and
    everything when there are no rows.

    Raises:
        ValueError: the two differ in length, or one of them holds NaN.

    """
    label = np.asarray(label, dtype=np.float64)
    prediction = np.asarray(prediction, dtype=np.float64)
    if len(label) == 0:
        return dict.fromkeys(METRICS)
    found: Scores = {"MAE": float(mean_absolute_error(label, prediction))}
    for reading in binary_readings(label, prediction):
        truth, guess = reading.truth[reading.kept], reading.guess[reading.kept]
        some = len(truth) > 0
        found[reading.accuracy] = float(accuracy_score(truth, guess)) if some else None
        found[reading.f1] = float(f1_score(truth, guess, average="weighted")) if some else None
    for name, bound in ROUNDED.items():
        agree = nearest_class(label, bound) == nearest_class(prediction, bound)
        found[name] = float(agree.mean())
    found["Pearson"] = _pearson(label, prediction)
    return {name: found[name] for name in METRICS}


def _pearson(label: Floats, prediction: Floats) -> float | None:
    if not (varies(label) and varies(prediction)):
        return None
    return float(pearsonr(label, prediction).statistic)


def varies(values: Floats) -> bool:
    """Whether scores or labels differ by more than rounding: a constant correlates with nothing."""
    return bool(np.ptp(values) > SAME)


def rounded(value: float | None) -> float | None:
    """A figure as it is written to a file; a metric that does not exist stays None."""
    return None if value is None else round(float(value), DIGITS)


def class_report(label: npt.ArrayLike, prediction: npt.ArrayLike) -> dict[str, Any]:
    """What becomes of negative, neutral and positive labels, and their confusion.

    Of each class precision, recall, F1 and support (its rows); and of the scores of its rows the
    mean absolute error and the bias (mean of score minus label), in the units of the label.

    The rule for labels is MOSI's own: its `annotation` column is the sign of the label in 1,512 of
    the 1,513 training and validation rows (the other one is a -0.5 called neutral). The
    smallest label that is not 0 is 0.2 away from it, so a prediction is neutral when it is nearer
    to 0 than to that, |prediction| < 0.1. The same band put on the
    labels changes none of them, where |.| < 0.5 would turn 206 more of them neutral.

    In `confusion["counts"]` rows are the true classes and columns the predicted ones. None are the
    precision of a class that was never predicted, recall and errors of one that never occurs, and
    F1 where both hold.
    """
    truth = np.sign(np.asarray(label, dtype=np.float64))
    score = np.asarray(prediction, dtype=np.float64)
    guess = np.where(np.abs(score) < NEUTRAL_BELOW, 0.0, np.sign(score))
    codes = list(CLASSES)
    columns = precision_recall_fscore_support(truth, guess, labels=codes, zero_division=np.nan)
    errors = [score[truth == code] - np.asarray(label)[truth == code] for code in codes]
    classes = {}
    for name, own, *shares, support in zip(CLASSES.values(), errors, *columns, strict=True):
        figures = (*map(_defined, shares), *_error_and_bias(own))
        classes[name] = {**dict(zip(PER_CLASS, figures, strict=True)), "support": int(support)}
    counts = confusion_matrix(truth, guess, labels=codes).tolist()
    return {
        "classes": classes,
        "confusion": {"labels": list(CLASSES.values()), "counts": counts},
        "rule": NEUTRAL_RULE,
    }


def _error_and_bias(errors: Floats) -> tuple[float | None, float | None]:
    return (float(np.abs(errors).mean()), float(errors.mean())) if len(errors) else (None, None)


def _defined(share: float) -> float | None:
    return None if np.isnan(share) else float(share)


def mean_and_deviation(values: Sequence[float | None]) -> dict[str, float | None]:
    """`mean` and `sd` (n - 1) of a metric over training seeds; None where they do not exist."""
    defined = [value for value in values if value is not None]
    if len(defined) < len(values):
        return {"mean": None, "sd": None}
    deviation = float(np.std(defined, ddof=1)) if len(defined) > 1 else None
    return {"mean": float(np.mean(defined)), "sd": deviation}

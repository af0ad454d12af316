"""Whether a score and its probability mean what they say, and how wide an error bar they need.

Prediction intervals are split-conformal (Vovk, Gammerman and Shafer, Algorithmic Learning in a
Random World, 2005; Lei et al., Distribution-Free Predictive Inference for Regression, JASA 113,
2018, section 2.2): the half-width is a quantile of the errors on the valid rows. Were valid and new
rows exchangeable, an interval would hold the label with at least the stated probability. Here that
is an approximation, for two reasons: the valid rows also chose the epoch, so that their errors are
a little too small, and clips of one video are alike (Dunn, Wasserman and Ramdas, Distribution-Free
Prediction Sets for Two-Layer Hierarchical Models, JASA 118, 2023). The coverage on the test rows,
which chose nothing, says what the intervals are worth.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from devaflow.corpus.clips import LIMIT
from devaflow.evaluate.intervals import mean_interval
from devaflow.evaluate.metrics import Floats, rounded, varies
from devaflow.evaluate.predictions import Rows, side_by_side

LEVELS = (0.8, 0.9)
BINS = 10
FEWEST_IN_BIN = 5
NO_VALID = "no labelled valid row to take the half-widths from"
NO_TEST = "no labelled test row to measure coverage and reliability on"


def calibration(runs: Mapping[str, pd.DataFrame], resamples: int) -> dict[str, Any]:
    """The prediction intervals, the reliability of the score and that of the probability.

    `runs` maps each training seed's name to video_id, clip_id, split, label, prediction and
    probability. Half-widths come from the valid rows, everything else is measured on the test
    rows, but for `valid_score` and `valid_probability`. A part for which there are no rows is None,
    and `reason` says which rows are lacking.
    """
    valid, test = (side_by_side(runs, split) for split in ("valid", "test"))
    reasons = [why for why, rows in ((NO_VALID, valid), (NO_TEST, test)) if not len(rows.label)]
    return ({"reason": "; ".join(reasons)} if reasons else {}) | {
        "prediction_intervals": {
            str(level): prediction_interval(valid, test, level, resamples) for level in LEVELS
        },
        **_reliability(runs, "test"),
        **{f"valid_{name}": found for name, found in _reliability(runs, "valid").items()},
    }


def _reliability(runs: Mapping[str, pd.DataFrame], split: str) -> dict[str, Any]:
    """That of the score and of the probability on the rows of one split."""
    rows = side_by_side(runs, split)
    if not len(rows.label):
        return {"score": None, "probability": None}
    chances = {name: table.assign(prediction=table["probability"]) for name, table in runs.items()}
    return {
        "score": score_reliability(rows),
        "probability": probability_reliability(side_by_side(chances, split)),
    }


def half_width(errors: npt.ArrayLike, level: float) -> float | None:
    """The k-th smallest of n absolute errors, k = ceil((n + 1) level); None where k > n.

    Few errors cannot vouch for a high level: 0.9 needs nine of them.
    """
    size = np.sort(np.abs(np.asarray(errors, dtype=np.float64)))
    place = int(np.ceil(round((len(size) + 1) * level, 9)))
    return None if place > len(size) else float(size[place - 1])


def prediction_interval(valid: Rows, test: Rows, level: float, resamples: int) -> dict[str, Any]:
    """Half-widths by the valid rows, and how many of the test labels the intervals hold.

    `half_width` has one entry for each run of `valid`, in its order. `coverage` and `mean_width`
    are means over test rows and runs; the width is that of the part within [-3, 3], where every
    label lies. `coverage_interval` resamples test videos (95%) with the half-widths as they are.
    """
    widths = [half_width(valid.label - run, level) for run in valid.predictions]
    found: dict[str, Any] = {
        "half_width": [rounded(width) for width in widths],
        **dict.fromkeys(("coverage", "coverage_interval", "mean_width")),
        "n_valid": len(valid.label),
    }
    if len(test.label) == 0 or None in widths:
        return found
    reach = np.array(widths, dtype=np.float64)[:, None]
    held = (np.abs(test.label - test.predictions) <= reach).mean(axis=0)
    low, high = (np.clip(test.predictions + side * reach, -LIMIT, LIMIT) for side in (-1, 1))
    held_in = mean_interval(test.video, held, resamples)
    return found | {
        "coverage": rounded(held.mean()),
        "coverage_interval": held_in.bounds,
        "mean_width": rounded((high - low).mean()),
    }


def score_reliability(rows: Rows) -> dict[str, Any]:
    """Mean label against mean prediction in bins of equal count, and the line through the rows.

    Of a calibrated score the line label = intercept + slope * prediction has intercept 0 and
    slope 1; a slope above 1 says that predictions are too timid, one below 1 that they
    exaggerate. Every row counts once per run. There are at most 10 bins of at least 5 rows; equal
    predictions are in one bin, and the line is None where all are equal.
    """
    prediction = rows.predictions.ravel()
    label = np.tile(rows.label, len(rows.predictions))
    bins = min(BINS, max(1, len(rows.label) // FEWEST_IN_BIN))
    parts = _equal_parts(prediction, bins)
    slope = intercept = None
    if varies(prediction):
        slope, intercept = np.polyfit(prediction, label, 1)
    return {
        "slope": rounded(slope),
        "intercept": rounded(intercept),
        "bins": [
            {
                "prediction": rounded(prediction[part].mean()),
                "label": rounded(label[part].mean()),
                "n": len(part),
            }
            for part in parts
        ],
    }


def _equal_parts(values: Floats, bins: int) -> list[npt.NDArray[np.intp]]:
    """Row numbers in bins of equal count, as far as no bin boundary divides equal values."""
    order = np.argsort(values, kind="stable")
    changes = np.flatnonzero(np.diff(values[order])) + 1
    boundaries = [0]
    for wanted in np.cumsum([len(part) for part in np.array_split(order, bins)])[:-1]:
        if wanted > boundaries[-1]:
            later = changes[changes >= max(wanted, boundaries[-1] + FEWEST_IN_BIN)]
            boundaries += [int(later[0])] if len(later) else []
    if len(order) - boundaries[-1] < FEWEST_IN_BIN:
        boundaries.pop()
    return np.split(order, boundaries[1:])


def probability_reliability(rows: Rows) -> dict[str, Any]:
    """Share of labels > 0 against the predicted probability, in ten bins of equal width.

    `rows` holds probabilities of a label > 0 as predictions; every row counts once per run. The
    expected calibration error is the mean distance between probability and share over the bins,
    weighted by their rows (Guo et al., On Calibration of Modern Neural Networks, ICML 2017,
    equation 3, here for the probability of one class instead of the confidence in the predicted
    one); with few rows it is above 0 by chance alone. The Brier score is the mean squared
    distance between probability and outcome. Empty bins are left out.
    """
    probability = rows.predictions.ravel()
    positive = np.tile(rows.label > 0, len(rows.predictions)).astype(np.float64)
    edges = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    place = np.searchsorted(edges, probability)
    bins = [_bin(probability[place == b], positive[place == b]) for b in np.unique(place)]
    error = sum(n * abs(chance - share) for chance, share, n in bins) / len(probability)
    return {
        "expected_calibration_error": rounded(error),
        "brier": rounded(float(np.mean((probability - positive) ** 2))),
        "bins": [
            {"probability": rounded(chance), "positive": rounded(share), "n": n}
            for chance, share, n in bins
        ],
    }


def _bin(probability: Floats, positive: Floats) -> tuple[float, float, int]:
    return float(probability.mean()), float(positive.mean()), len(probability)

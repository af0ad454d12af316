"""Pairs of predictors on the same rows: which differences hold on other videos."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from devaflow.evaluate.intervals import Difference, paired
from devaflow.evaluate.metrics import rounded
from devaflow.evaluate.predictions import JUDGED, by_predictor
from devaflow.evaluate.predictors import Predictor, comparable


def compare(predictors: Sequence[Predictor], resamples: int) -> dict[str, list[dict[str, Any]]]:
    """Compare any two comparable predictors on the rows that they share, test and valid rows apart.

    Returns split -> for each pair first, second, n_rows, n_videos and differences: metric -> value
    (first minus second, of the means over seeds), its 95% interval (paired bootstrap over videos)
    and a two-sided p (permutation of the two within whole videos), all None where the metric does
    not exist.
    The list of a split is empty where it has no labelled rows, or where there is one predictor.
    """
    return {split: _of_split(predictors, split, resamples) for split in JUDGED}


def _of_split(predictors: Sequence[Predictor], split: str, resamples: int) -> list[dict[str, Any]]:
    runs = {predictor.name: predictor.runs for predictor in predictors}
    rows, predicted = by_predictor(runs, split)
    if not len(rows.label):
        return []
    pairs = []
    for first, second in combinations(predictors, 2):
        if not comparable(first, second):
            continue
        pair = (predicted[first.name], predicted[second.name])
        found = paired(rows.video, rows.label, *pair, resamples)
        differences = {metric: _as_json(difference) for metric, difference in found.items()}
        names = {"first": first.name, "second": second.name}
        pairs.append(names | rows.sizes | {"differences": differences})
    return pairs


def _as_json(difference: Difference) -> dict[str, Any]:
    bounds = [rounded(difference.low), rounded(difference.high)]
    return {
        "value": rounded(difference.value),
        "interval": None if None in bounds else bounds,
        "p": rounded(difference.p),
    }

"""Pairs of predictors on the same test rows: which differences hold on other videos."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from devaflow.evaluate.intervals import Difference, paired
from devaflow.evaluate.metrics import rounded
from devaflow.evaluate.predictions import by_predictor


def compare(
    predictors: Mapping[str, Mapping[int, pd.DataFrame]], resamples: int
) -> list[dict[str, Any]]:
    """Compare every pair of predictors on the test rows that they share.

    predictors: name -> training seed -> video_id, clip_id, split, label, prediction.
    Returns for each pair first, second and differences: metric -> value (first minus second, of
    the means over seeds), its 95% interval (paired bootstrap over videos) and a two-sided p
    (permutation of the two within whole videos).
    An empty list where there are no test rows, or only one predictor.
    """
    rows, of = by_predictor(predictors, "test")
    if not len(rows.label):
        return []
    return [
        {
            "first": first,
            "second": second,
            "differences": {
                metric: _as_json(difference)
                for metric, difference in paired(
                    rows.video, rows.label, of[first], of[second], resamples
                ).items()
            },
        }
        for first, second in combinations(predictors, 2)
    ]


def _as_json(difference: Difference) -> dict[str, Any]:
    return {
        "value": rounded(difference.value),
        "interval": [rounded(difference.low), rounded(difference.high)],
        "p": rounded(difference.p),
    }

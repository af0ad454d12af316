"""What each part of a variant is worth: every ablation beside the variant as it is configured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from devaflow.errors import InputError
from devaflow.evaluate.figures import GREY, svg
from devaflow.evaluate.intervals import Difference, paired
from devaflow.evaluate.metrics import METRICS, mean_and_deviation, scores
from devaflow.evaluate.predictions import by_predictor
from devaflow.model.ablations import SEPARATOR

Seeds = Mapping[int, pd.DataFrame]
INCH_PER_LINE = 0.28
WHOLE = ""


def ablation_table(
    whole: Seeds, ablations: Mapping[str, Seeds], resamples: int
) -> list[dict[str, Any]]:
    """Metrics of a variant and of its ablations on the valid and on the test rows of one protocol.

    whole, ablations: training seed -> video_id, clip_id, split, label, prediction.
    Returns rows of split, ablation ('' for the variant itself), metric, mean and sd over seeds,
    and difference (ablation minus variant) with its 95% interval low, high (paired bootstrap over
    videos) and a two-sided p (permutation by whole videos). No rows for a split without labelled
    segments.
    """
    return [
        row
        for split in ("valid", "test")
        for row in _of_split({WHOLE: whole, **ablations}, split, resamples)
    ]


def _of_split(runs: Mapping[str, Seeds], split: str, resamples: int) -> list[dict[str, Any]]:
    rows, predicted = by_predictor(runs, split)
    if not len(rows.label):
        return []
    found = []
    for name, predictions in predicted.items():
        each = [scores(rows.label, prediction) for prediction in predictions]
        against = paired(rows.video, rows.label, predictions, predicted[WHOLE], resamples)
        found += [
            {
                "split": split,
                "ablation": name,
                "metric": metric,
                **mean_and_deviation([score[metric] for score in each]),
                **({} if name == WHOLE else _as_row(against[metric])),
            }
            for metric in METRICS
        ]
    return found


def _as_row(found: Difference) -> dict[str, Any]:
    return {"difference": found.value, "low": found.low, "high": found.high, "p": found.p}


def collect(trainings: Mapping[str, Mapping[str, Seeds]], resamples: int) -> pd.DataFrame:
    """The rows of `ablation_table` for every protocol and variant, with these two as columns.

    trainings: protocol -> VARIANT or VARIANT@ABLATION -> training seed -> predictions. Raises
    InputError where there are none.
    """
    if not any(trainings.values()):
        raise InputError("configuration: ablations: names no variant; name one of variants")
    parts = []
    for protocol, runs in trainings.items():
        for variant in (name for name in runs if SEPARATOR not in name):
            prefix = variant + SEPARATOR
            ablations = {
                name.removeprefix(prefix): seeds
                for name, seeds in runs.items()
                if name.startswith(prefix)
            }
            rows = ablation_table(runs[variant], ablations, resamples)
            parts.append(pd.DataFrame(rows).assign(variant=variant, protocol=protocol))
    figures = ["mean", "sd", "difference", "low", "high", "p"]
    return pd.concat(parts, ignore_index=True).astype(dict.fromkeys(figures, "float64"))


def draw(table: pd.DataFrame, path: Any) -> None:
    """Draw the differences of MAE with their intervals as SVG; one panel a protocol and split.

    table: the rows of `ablation_table` with variant and protocol. To the right of zero an ablation
    is worse than the variant.
    """
    shown = table[(table["metric"] == "MAE") & (table["ablation"] != WHOLE)]
    panels = list(shown.groupby(["variant", "protocol", "split"], sort=False))
    names = list(dict.fromkeys(shown["ablation"]))
    size = (3.2 * max(len(panels), 1) + 1.5, INCH_PER_LINE * len(names) + 1.2)
    with svg(path, max(len(panels), 1), size, sharey=True) as axes:
        for axis, (title, rows) in zip(axes, panels, strict=False):
            places = [len(names) - names.index(name) for name in rows["ablation"]]
            spread = np.abs(rows[["low", "high"]].to_numpy().T - rows["difference"].to_numpy())
            axis.errorbar(rows["difference"], places, xerr=spread, fmt="o", ms=4, lw=1, color="C0")
            axis.axvline(0, color=GREY, lw=0.8)
            axis.set_title(", ".join(map(str, title)), fontsize=9)
            axis.set_xlabel("MAE: ablation minus variant", fontsize=8)
            axis.set_yticks(range(len(names), 0, -1), names, fontsize=8)

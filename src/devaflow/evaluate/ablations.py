"""What each part of a variant is worth: every ablation beside the variant as it is configured."""

from collections.abc import Mapping
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from devaflow.evaluate.intervals import paired
from devaflow.evaluate.metrics import METRICS, scores
from devaflow.evaluate.predictions import side_by_side

Seeds = Mapping[int, pd.DataFrame]
INCH_PER_LINE = 0.28
GREY = "0.4"
WHOLE = ""


def ablation_table(
    whole: Seeds, ablations: Mapping[str, Seeds], resamples: int
) -> list[dict[str, Any]]:
    """Metrics of a variant and of its ablations on the valid and on the test rows of one protocol.

    whole, ablations: training seed -> video_id, clip_id, split, label, prediction.
    Returns rows of split, ablation ('' for the variant itself), metric, mean and sd over seeds,
    and difference (ablation minus variant) with its 95% interval low, high and p (two-sided), by a
    paired bootstrap over videos. No rows for a split without labelled segments.
    """
    rows: list[dict[str, Any]] = []
    everything = {WHOLE: whole, **ablations}
    for split in ("valid", "test"):
        runs = [(name, seed) for name, seeds in everything.items() for seed in seeds]
        found = side_by_side(
            {f"{n or 'variant'}, seed {s}": everything[n][s] for n, s in runs}, split
        )
        if not len(found.label):
            continue
        of = {
            name: found.predictions[[place for place, run in enumerate(runs) if run[0] == name]]
            for name in everything
        }
        for name, predictions in of.items():
            each = [scores(found.label, prediction) for prediction in predictions]
            against = paired(found.video, found.label, predictions, of[WHOLE], resamples)
            for metric in METRICS:
                values = np.array([score[metric] for score in each], dtype="float64")
                sd = values.std(ddof=1) if len(values) > 1 else np.nan
                row: dict[str, Any] = {"split": split, "ablation": name, "metric": metric}
                row |= {"mean": values.mean(), "sd": sd}
                if name != WHOLE:
                    other = against[metric]
                    row |= {"difference": other.value, "low": other.low, "high": other.high}
                    row |= {"p": other.p}
                rows.append(row)
    return rows


def draw(table: pd.DataFrame, path: Any) -> None:
    """Draw the differences of MAE with their intervals as SVG; one panel a protocol and split.

    table: the rows of `ablation_table` with variant and protocol. To the right of zero an ablation
    is worse than the variant.
    """
    shown = table[(table["metric"] == "MAE") & (table["ablation"] != "")]
    panels = list(shown.groupby(["variant", "protocol", "split"], sort=False))
    names = list(dict.fromkeys(shown["ablation"]))
    # Names and date would make the file another one each time.
    with matplotlib.rc_context({"svg.hashsalt": "devaflow", "svg.fonttype": "none"}):
        size = (3.2 * max(len(panels), 1) + 1.5, INCH_PER_LINE * len(names) + 1.2)
        figure, axes = plt.subplots(
            1, max(len(panels), 1), figsize=size, sharey=True, squeeze=False, layout="constrained"
        )
        for axis, (title, rows) in zip(axes[0], panels, strict=False):
            places = [len(names) - names.index(name) for name in rows["ablation"]]
            spread = np.abs(rows[["low", "high"]].to_numpy().T - rows["difference"].to_numpy())
            axis.errorbar(rows["difference"], places, xerr=spread, fmt="o", ms=4, lw=1, color="C0")
            axis.axvline(0, color=GREY, lw=0.8)
            axis.set_title(", ".join(map(str, title)), fontsize=9)
            axis.set_xlabel("MAE: ablation minus variant", fontsize=8)
            axis.set_yticks(range(len(names), 0, -1), names, fontsize=8)
        figure.savefig(path, format="svg", metadata={"Date": None})
        plt.close(figure)

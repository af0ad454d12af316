"""One table of everything that predicts: variants, ensembles and references under each protocol."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from devaflow.evaluate.intervals import intervals, paired
from devaflow.evaluate.metrics import METRICS, mean_and_deviation, scores
from devaflow.evaluate.predictions import JUDGED, by_predictor
from devaflow.evaluate.predictors import Predictor, comparable

TESTED = "MAE"
VALID = (
    "These rows chose the epochs, and alpha of the ridge regressions; comparing settings by them "
    "is choosing, too. So these figures are too favourable."
)
# With fewer videos bootstrap intervals hold the truth too seldom (docs/results.md, Statistics).
FEW_VIDEOS = 20
LEGEND = (
    "Acc-2 and F1-weighted count a score above 0 as positive, the pair Has0 one from 0 on, and "
    "Non0 leaves out segments with label 0; Acc-5 and Acc-7 compare whole scores in [-2, 2] and "
    "[-3, 3]; MAE is in units of the label, Pearson is r. majority and mean always say the median "
    "and the mean train label, video-id the mean of the segment's video where it is known; the "
    "ridges read the transcript alone."
)
READING = (
    "Mean over training seeds ± standard deviation over seeds [95% interval: bootstrap over "
    "videos]. p: permutation test, by whole videos, of the difference in {metric} to {first}, of "
    "an ensemble to the ensemble of {first}. It is for the networks as they were trained (sd says "
    "how far another seed would move them) and not corrected for the number of rows in a table."
)


def tabulate(predictors: Mapping[str, Sequence[Predictor]], resamples: int) -> pd.DataFrame:
    """One row for each protocol, split (test, valid), predictor and metric.

    Columns protocol, split, predictor, kind, metric; mean and sd over training seeds, low and high
    (95%, bootstrap over videos), p (permutation test against the predictor `compared_with`, the
    first comparable one), each NaN where it does not exist; n_seeds (0: a reference), n_rows,
    n_videos. A split without labelled rows has no rows.
    """
    rows = [
        row
        for protocol, members in predictors.items()
        for split in JUDGED
        for row in _of_split(members, split, {"protocol": protocol, "split": split}, resamples)
    ]
    table = pd.DataFrame(rows)
    figures = ["mean", "sd", "low", "high", "p"]
    return table.astype(dict.fromkeys(figures, "float64"))


def _of_split(
    members: Sequence[Predictor], split: str, names: Mapping[str, str], resamples: int
) -> list[dict[str, Any]]:
    """The rows of the table for one protocol and split."""
    rows, predicted = by_predictor({member.name: member.runs for member in members}, split)
    if len(rows.label) == 0:
        return []
    found = []
    for member in members:
        prediction = predicted[member.name]
        bounds = intervals(rows.video, rows.label, prediction, resamples)
        first = next(one for one in members if comparable(one, member))
        against = paired(rows.video, rows.label, predicted[first.name], prediction, resamples)
        each = [scores(rows.label, run) for run in prediction]
        found += [
            {
                **names,
                "predictor": member.name,
                "kind": member.kind,
                "metric": metric,
                **mean_and_deviation([one[metric] for one in each]),
                "low": bounds[metric].low,
                "high": bounds[metric].high,
                "p": None if member is first else against[metric].p,
                "compared_with": None if member is first else first.name,
                "n_seeds": member.seeds,
                **rows.sizes,
            }
            for metric in METRICS
        ]
    return found


def as_markdown(table: pd.DataFrame, gaps: Sequence[str] = ()) -> str:
    """What `tabulate` gave, to read: one table for each protocol and split.

    gaps: what is to be known of the data first, a sentence each, as
    `devaflow.corpus.quality.assess` finds it.
    """
    first = table["predictor"].iloc[0]
    parts = [LEGEND, READING.format(metric=TESTED, first=first)]
    parts += [f"Mind: {gap}." for gap in gaps]
    for protocol, rows in table.groupby("protocol", sort=False):
        if "test" not in set(rows["split"]):
            parts.append(f"The protocol {protocol} has no labelled test rows.")
        parts += [
            _section(str(protocol), str(split), part)
            for split, part in rows.groupby("split", sort=False)
        ]
    return "\n\n".join(parts) + "\n"


def _section(protocol: str, split: str, rows: pd.DataFrame) -> str:
    size = rows.iloc[0]
    title = f"## {protocol}, {split}: {size['n_rows']} segments of {size['n_videos']} videos"
    header = ["", "seeds", *METRICS, f"p ({TESTED})"]
    lines = [_line(header), _line(["---"] * len(header))]
    for name, figures in rows.groupby("predictor", sort=False):
        by_metric = {row["metric"]: row for row in figures.to_dict("records")}
        cells = [_cell(by_metric[metric]) for metric in METRICS]
        p = by_metric[TESTED]["p"]
        seeds = str(by_metric[TESTED]["n_seeds"] or "")
        lines.append(_line([str(name), seeds, *cells, _p(p)]))
    notes = [VALID] if split == "valid" else []
    if size["n_videos"] < FEW_VIDEOS:
        notes.append(_few(size["n_videos"]))
    return "\n\n".join([title, *notes, "\n".join(lines)])


def _few(videos: int) -> str:
    """What intervals and p are worth with so few videos."""
    if videos == 1:
        return "Of one video there are no intervals and no p."
    least = f", and no p can be below {2.0 ** (1 - videos):.2g}" if videos <= 10 else ""
    return f"With {videos} videos intervals are too narrow{least} (docs/results.md, Statistics)."


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _p(p: float) -> str:
    """A p to three digits; it is never 0."""
    return "" if np.isnan(p) else f"{p:.3f}" if p >= 0.0005 else "< 0.001"


def _cell(figures: Mapping[Any, Any]) -> str:
    """Such as '0.812 ± 0.010 [0.774, 0.850]'; what does not exist is left out."""
    if np.isnan(figures["mean"]):
        return "-"
    parts = [f"{figures['mean']:.3f}"]
    if not np.isnan(figures["sd"]):
        parts.append(f"± {figures['sd']:.3f}")
    if not np.isnan(figures["low"]):
        parts.append(f"[{figures['low']:.3f}, {figures['high']:.3f}]")
    return " ".join(parts)

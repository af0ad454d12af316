"""How far a variant's score and its probability can be taken at their word, as a figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from devaflow.evaluate.figures import GREY, svg
from devaflow.evaluate.summary import shown_protocol

SIZE = (8.4, 4.8)


def draw(metrics: Mapping[str, Any], path: str | Path) -> None:
    """Draw the reliability of score and probability as SVG; on the diagonal they are calibrated.

    metrics: what `devaflow.evaluate.summary.summary` gave. Drawn are the test rows of the headline
    protocol; where no protocol has any, the valid rows of the first that was trained.
    """
    protocol = shown_protocol(metrics)
    split, prefix = ("test", "") if metrics["headline_protocol"] else ("valid", "valid_")
    found = metrics["protocols"][protocol]
    known = found["calibration"]
    score, probability = known[f"{prefix}score"], known[f"{prefix}probability"]
    rows = f"{found['n'][split]} {split} rows"
    seeds = len(metrics["seeds"][protocol])
    if seeds > 1:
        rows += f", {seeds} seeds"
    if split == "valid":
        rows += ", which chose the epoch"
    title = [f"{metrics['variant']}, {protocol}: {rows}"]
    title += _coverages(known["prediction_intervals"])
    with svg(path, 2, SIZE) as (left, right):
        left.figure.suptitle("\n".join(title), fontsize=10)
        _panel(left, score["bins"], "prediction", "label", (-3, 3))
        left.set(xlabel="mean prediction", ylabel="mean label")
        _panel(right, probability["bins"], "probability", "positive", (0, 1))
        right.set(xlabel="predicted probability", ylabel="share of labels > 0")
        left.figure.supxlabel(
            "numbers: predictions in a bin; on the line a score or probability is calibrated",
            fontsize=8,
        )


def _coverages(intervals: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What prediction intervals hold of the test labels, where that is known."""
    lines = []
    for level, interval in intervals.items():
        if interval["coverage"] is not None:
            bounds = interval["coverage_interval"]
            spread = f" [{bounds[0]:.1%}, {bounds[1]:.1%}]" if bounds else ""
            lines.append(
                f"{float(level):.0%} prediction intervals hold {interval['coverage']:.1%} of the "
                f"labels{spread}"
            )
    return lines


def _panel(
    axis: Axes, bins: Sequence[Mapping[str, Any]], x: str, y: str, ends: tuple[float, float]
) -> None:
    """One point a bin with the number of predictions in it, and the diagonal.

    No line joins the points: of bins with a few predictions it would show jumps of chance.
    """
    axis.plot(ends, ends, color=GREY, lw=0.8)
    axis.plot([one[x] for one in bins], [one[y] for one in bins], "o", ms=4, color="C0")
    for one in bins:
        point, above = (one[x], one[y]), (0, 5)
        axis.annotate(
            str(one["n"]), point, above, textcoords="offset points", ha="center", fontsize=7
        )

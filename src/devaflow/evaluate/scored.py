"""What a trained model says of a corpus: a score with an error bar for every segment."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from devaflow.corpus.clips import KEY, LIMIT
from devaflow.evaluate.calibration import LEVELS
from devaflow.evaluate.intervals import intervals, mean_interval
from devaflow.evaluate.metrics import rounded, scores

ERROR_BAR = str(LEVELS[-1])  # which of a model's half-widths an error bar has


def score_table(
    predictions: pd.DataFrame, statuses: Mapping[str, pd.DataFrame], half_width: float | None
) -> pd.DataFrame:
    """One row a segment: video_id, clip_id, score, low, high, probability, statuses, label.

    predictions: video_id, clip_id, prediction, probability, label. statuses: modality -> table of
    video_id, clip_id, status. low and high: score less and plus `half_width`, cut to [-3, 3]; NaN
    where it is None. text, audio, vision: the status of each; one that is neither ok nor truncated
    took no part in the score.
    """
    reach = np.nan if half_width is None else half_width
    score = predictions["prediction"]
    table = predictions[KEY].assign(
        score=score,
        low=(score - reach).clip(lower=-LIMIT),
        high=(score + reach).clip(upper=LIMIT),
        probability=predictions["probability"],
    )
    for modality, found in statuses.items():
        status = found[[*KEY, "status"]].rename(columns={"status": modality})
        table = table.merge(status, on=KEY, how="left", validate="one_to_one")
    return table.assign(label=predictions["label"].to_numpy())


def report(table: pd.DataFrame, modalities: list[str], resamples: int) -> dict[str, Any]:
    """How many segments were scored, and how well those that have a label.

    table: of `score_table`. Returns segments, status {modality: {status: segments}}, labelled, and
    of the labelled ones metrics, intervals (95%, bootstrap over videos) and the coverage of low to
    high with its interval; None where there is none, or where the model has no half-width.
    """
    labelled = table[table["label"].notna()]
    video, label = labelled["video_id"], labelled["label"].to_numpy()
    found: dict[str, Any] = {
        "segments": len(table),
        "status": {m: table[m].value_counts().sort_index().to_dict() for m in modalities},
        "labelled": len(labelled),
        **dict.fromkeys(("metrics", "intervals", "coverage", "coverage_interval")),
    }
    if labelled.empty:
        return found
    bounds = intervals(video, label, labelled["score"].to_numpy()[None], resamples)
    reached = scores(label, labelled["score"].to_numpy())
    found["metrics"] = {name: rounded(value) for name, value in reached.items()}
    found["intervals"] = {name: each.bounds for name, each in bounds.items()}
    if labelled["low"].notna().all():
        held = labelled["label"].between(labelled["low"], labelled["high"]).to_numpy()
        found["coverage"] = rounded(held.mean())
        found["coverage_interval"] = mean_interval(video, held, resamples).bounds
    return found

"""The content of results/metrics_VARIANT.json."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from devaflow.corpus.parts import SPLITS
from devaflow.evaluate.calibration import calibration
from devaflow.evaluate.intervals import LEVEL, RESAMPLING_SEED, Interval, intervals
from devaflow.evaluate.metrics import (
    METRICS,
    PER_CLASS,
    Scores,
    class_report,
    mean_and_deviation,
    rounded,
    scores,
)
from devaflow.evaluate.predictions import JUDGED, Rows, ensemble, side_by_side

HEADLINE = ("Acc-2", "F1-weighted", "MAE", "Pearson")
NO_TEST = "no labelled row of this protocol is a test row"
NOT_RUN = "no predictions were made under this protocol"

Runs = Mapping[str, pd.DataFrame]


def summary(
    variant: str,
    protocols: Sequence[str],
    predictions: Mapping[str, Mapping[int, pd.DataFrame]],
    references: Mapping[str, Mapping[str, pd.DataFrame]],
    reasons: Mapping[str, str],
    data: Mapping[str, Any],
    provenance: Mapping[str, Any],
    resamples: int,
) -> dict[str, Any]:
    """What one variant scores, under every configured protocol, ready to be written as JSON.

    `protocols` are the configured ones in their order; the first with test rows is the headline
    and gives the four figures at the top, means over training seeds. `predictions` maps protocol
    and seed to a table of video_id, clip_id, split, label, prediction, probability; `references`
    maps protocol and predictor to such tables (valid and test rows, no probability); `reasons`
    says why a protocol could not be run. A metric that is undefined for one of the seeds has no
    mean: it is None. `data` and `provenance` are passed on as they are.

    Raises:
        InputError: two seeds hold different rows, or a prediction is not a number.

    """
    runs = {
        name: {f"{name}, seed {seed}": table for seed, table in predictions.get(name, {}).items()}
        for name in protocols
    }
    tests = {name: rows for name in protocols if (rows := _rows(runs[name], "test"))}
    headline = next(iter(tests), None)
    content: dict[str, Any] = {"variant": variant, **dict.fromkeys(HEADLINE)}
    content["headline_protocol"] = headline
    content["protocols"] = {
        name: _protocol(runs[name], references.get(name, {}), reasons.get(name), resamples)
        for name in protocols
    }
    if headline is None:
        content["reason"] = "; ".join(
            f"{name}: {content['protocols'][name]['reason']}" for name in protocols
        )
    else:
        content |= {key: content["protocols"][headline]["test"][key] for key in HEADLINE}
    content["seeds"] = {
        name: {
            str(seed): {split: _of_one(table, split) for split in JUDGED}
            for seed, table in predictions[name].items()
        }
        for name in protocols
        if name in predictions
    }
    content["intervals"], content["resampling"] = _intervals(tests, resamples)
    content["confusion"] = _confusion(runs, content)
    return content | {"data": dict(data), "provenance": dict(provenance)}


def shown_protocol(metrics: Mapping[str, Any]) -> str:
    """The headline protocol, or the first that was trained where none has test rows.

    metrics: what `summary` gave.
    """
    return metrics["headline_protocol"] or next(iter(metrics["seeds"]))


def handed_on(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Which of a variant's trained models is handed on: protocol, seed, test and valid metrics.

    metrics: what `summary` gave. It is the first seed of `shown_protocol`: chosen before, not by,
    its test metrics.
    `half_width` maps the level to the half-width of this model's prediction intervals.
    """
    protocol = shown_protocol(metrics)
    seed, reached = next(iter(metrics["seeds"][protocol].items()))
    errors = metrics["protocols"][protocol]["calibration"]["prediction_intervals"]
    widths = {level: each["half_width"][0] for level, each in errors.items()}
    return {"protocol": protocol, "seed": int(seed), **reached, "half_width": widths}


def _rows(runs: Runs, split: str) -> Rows | None:
    """The labelled rows of a split with the predictions of all seeds, None where there are none."""
    if not runs:
        return None
    rows = side_by_side(runs, split)
    return rows if len(rows.label) else None


def _protocol(
    runs: Runs, references: Mapping[str, pd.DataFrame], reason: str | None, resamples: int
) -> dict[str, Any]:
    test, valid = _per_seed(_rows(runs, "test")), _per_seed(_rows(runs, "valid"))
    content: dict[str, Any] = {"test": _mean(test)}
    if not test:
        content["reason"] = reason or (NO_TEST if runs else NOT_RUN)
    content["sd"] = _deviation(test)
    content["valid"], content["valid_sd"] = _mean(valid), _deviation(valid)
    content["n"] = _counts(next(iter(runs.values()))) if runs else None
    content["calibration"] = calibration(runs, resamples) if runs else None
    content["ensemble"] = _ensemble(runs, resamples) if len(runs) > 1 else None
    for key, split in (("references", "test"), ("valid_references", "valid")):
        content[key] = {name: _of_one(table, split) for name, table in references.items()}
    return content


def _ensemble(runs: Runs, resamples: int) -> dict[str, Any]:
    """The mean prediction of the seeds, scored as one predictor."""
    together = {"ensemble": ensemble(runs)}
    test, valid = _rows(together, "test"), _rows(together, "valid")
    return {
        "seeds": len(runs),
        "test": _mean(_per_seed(test)),
        "intervals": None if test is None else _bounds(_resampled(test, resamples)),
        "valid": _mean(_per_seed(valid)),
        "calibration": calibration(together, resamples),
    }


def _per_seed(rows: Rows | None) -> list[Scores]:
    return [] if rows is None else [scores(rows.label, run) for run in rows.predictions]


def _mean(seeds: list[Scores]) -> Scores | None:
    return _over_seeds(seeds, "mean") if seeds else None


def _deviation(seeds: list[Scores]) -> Scores | None:
    """The sample standard deviation over seeds, None where there are not two."""
    return _over_seeds(seeds, "sd") if len(seeds) > 1 else None


def _over_seeds(seeds: list[Scores], figure: str) -> Scores:
    found = {name: mean_and_deviation([seed[name] for seed in seeds]) for name in METRICS}
    return {name: rounded(figures[figure]) for name, figures in found.items()}


def _of_one(table: pd.DataFrame, split: str) -> Scores | None:
    """The metrics of one table on one split, None where it has no labelled row there."""
    return _mean(_per_seed(_rows({"reference": table}, split)))


def _counts(table: pd.DataFrame) -> dict[str, int]:
    found = table["split"].value_counts()
    names = [*SPLITS, *sorted(set(found.index) - set(SPLITS))]
    return {name: int(found.get(name, 0)) for name in names}


def _intervals(tests: Mapping[str, Rows], resamples: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The interval of each metric, and how they were drawn with the resamples that were dropped."""
    found = {name: _resampled(rows, resamples) for name, rows in tests.items()}
    bounds = {name: _bounds(metrics) for name, metrics in found.items()}
    undefined = {
        name: {key: each.undefined for key, each in metrics.items() if each.undefined}
        for name, metrics in found.items()
    }
    drawing = {"unit": "video", "level": LEVEL, "resamples": resamples, "seed": RESAMPLING_SEED}
    return bounds, drawing | {"undefined": undefined}


def _resampled(rows: Rows, resamples: int) -> dict[str, Interval]:
    return intervals(rows.video, rows.label, rows.predictions, resamples)


def _bounds(metrics: Mapping[str, Interval]) -> dict[str, list[float | None] | None]:
    return {name: each.bounds for name, each in metrics.items()}


def _confusion(runs: Mapping[str, Runs], metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """The three-class report over rows of `shown_protocol`, which count once per training seed.

    They are its test rows, where no protocol has any its valid rows.
    """
    if not metrics["seeds"]:
        return None
    protocol = shown_protocol(metrics)
    split = "test" if metrics["headline_protocol"] else "valid"
    rows = _rows(runs[protocol], split)
    if rows is None:
        return None
    seeds = len(rows.predictions)
    report = class_report(np.tile(rows.label, seeds), rows.predictions.ravel())
    for values in report["classes"].values():
        for key in PER_CLASS:
            values[key] = rounded(values[key])
    return {"protocol": protocol, "split": split, "seeds": seeds, **report}

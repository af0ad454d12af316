import json

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from devaflow.evaluate.calibration import (
    calibration,
    half_width,
    prediction_interval,
    probability_reliability,
    score_reliability,
)
from devaflow.evaluate.predictions import Rows


def rows(label, *predictions, videos=None):
    label = np.asarray(label, dtype=np.float64)
    names = np.arange(len(label)) if videos is None else np.resize(np.arange(videos), len(label))
    return Rows(names.astype(str).astype(object), label, np.array(predictions, dtype=np.float64))


def test_the_half_width_is_the_finite_sample_quantile_of_the_errors():
    nine = [0.9, -0.1, 0.2, -0.3, 0.4, 0.5, -0.6, 0.7, 0.8]
    assert half_width(nine, 0.8) == 0.8  # the 8th of 9: ceil(10 * 0.8)
    assert half_width(nine, 0.9) == 0.9  # the 9th
    assert half_width(nine[:8], 0.9) is None  # ceil(9 * 0.9) = 9 of 8: no finite interval
    assert half_width([], 0.5) is None


def test_a_whole_rank_is_not_rounded_up():
    # (24 + 1) * 0.56 is 14.000000000000002 in binary floating point.
    assert half_width(np.arange(1, 25), 0.56) == 14


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_exchangeable_rows_are_covered_as_stated_and_hardly_more(level):
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(3000):
        errors = rng.standard_cauchy(40)  # no shape is assumed
        covered.append(abs(errors[0]) <= half_width(errors[1:], level))
    margin = 3 * np.sqrt(level * (1 - level) / 3000)
    assert level - margin <= np.mean(covered) <= level + 1 / 40 + margin


def test_an_interval_worked_by_hand():
    valid = rows([0.0] * 4, [0.1, 0.2, 0.3, 0.4], [1.0, 1.0, 1.0, 1.0])
    test = rows([2.0, -1.0], [2.3, 0.0], [2.5, -0.5], videos=1)
    found = prediction_interval(valid, test, 0.8, resamples=10)
    assert found["half_width"] == [0.4, 1.0]  # the 4th of 4, for each run
    assert found["coverage"] == 0.75  # the first run misses -1
    # Within [-3, 3]: 1.9 to 2.7 and -0.4 to 0.4; 1.5 to 3 and -1.5 to 0.5.
    assert found["mean_width"] == pytest.approx((0.8 + 0.8 + 1.5 + 2.0) / 4)
    assert found["coverage_interval"] is None  # one video
    assert found["n_valid"] == 4


def test_too_few_valid_rows_give_no_half_width_and_no_coverage():
    found = prediction_interval(rows([0.0], [0.1]), rows([1.0], [1.0]), 0.9, 10)
    assert found["half_width"] == [None]
    assert found["coverage"] is None


def test_the_interval_of_the_coverage_resamples_whole_videos():
    rng = np.random.default_rng(3)
    valid = rows(np.zeros(99), rng.normal(0, 1, 99))
    offset = np.tile(np.linspace(-2.5, 2.5, 10), 30)  # clips of one video err alike
    alike = prediction_interval(valid, rows(np.zeros(300), offset, videos=10), 0.8, 500)
    single = prediction_interval(valid, rows(np.zeros(300), offset), 0.8, 500)
    (low, high), (lower, upper) = alike["coverage_interval"], single["coverage_interval"]
    assert alike["coverage"] == single["coverage"]
    assert high - low > 3 * (upper - lower)


def test_a_score_that_exaggerates_has_a_slope_below_one():
    rng = np.random.default_rng(1)
    label = rng.uniform(-3, 3, 500)
    found = score_reliability(rows(label, 2 * label + 0.5))
    assert found["slope"] == pytest.approx(0.5)
    assert found["intercept"] == pytest.approx(-0.25)
    assert [each["n"] for each in found["bins"]] == [50] * 10
    for each in found["bins"]:
        assert each["prediction"] == pytest.approx(2 * each["label"] + 0.5, abs=1e-5)
    assert np.all(np.diff([each["prediction"] for each in found["bins"]]) > 0)


def test_few_rows_make_few_bins_and_every_row_counts_once_per_run():
    found = score_reliability(rows(np.arange(12.0), np.arange(12.0), np.arange(12.0)))
    assert [each["n"] for each in found["bins"]] == [12, 12]


def test_a_constant_score_has_no_line():
    found = score_reliability(rows([1.0, 2.0], [0.5, 0.5]))
    assert found["slope"] is None
    assert found["bins"] == [{"prediction": 0.5, "label": 1.5, "n": 2}]


def test_equal_scores_are_in_one_bin():
    found = score_reliability(rows(np.repeat([-2.0, 2.0, 1.0], 50), np.repeat([0.3, 0.3, 0.9], 50)))
    assert [each["n"] for each in found["bins"]] == [100, 50]
    assert found["bins"][0]["label"] == 0


@pytest.mark.parametrize("low", [1, 4, 5, 45, 46, 49])
def test_no_bin_is_small_because_scores_are_equal(low):
    prediction = np.repeat([0.1, 0.3], [low, 50 - low])
    found = [each["n"] for each in score_reliability(rows(np.zeros(50), prediction))["bins"]]
    assert found == ([low, 50 - low] if 5 <= low <= 45 else [50])


def test_a_score_that_varies_by_rounding_alone_has_no_line():
    noise = np.random.default_rng(0).normal(0, 1e-9, 40)
    assert score_reliability(rows(np.arange(40), 0.3 + noise))["slope"] is None


def test_expected_calibration_error_worked_by_hand():
    # (0, 0.1]: 0.05 and 0.1, none positive. (0.8, 0.9]: 0.9 twice, one positive.
    found = probability_reliability(rows([-1.0, 0.0, 1.0, -2.0], [0.05, 0.1, 0.9, 0.9]))
    assert found["bins"] == [
        {"probability": 0.075, "positive": 0.0, "n": 2},
        {"probability": 0.9, "positive": 0.5, "n": 2},
    ]
    assert found["expected_calibration_error"] == pytest.approx(0.5 * 0.075 + 0.5 * 0.4)
    assert found["brier"] == pytest.approx((0.05**2 + 0.1**2 + 0.1**2 + 0.9**2) / 4)


def test_bins_and_brier_score_are_those_of_scikit_learn():
    rng = np.random.default_rng(4)
    chance = rng.random(300)
    label = np.where(rng.random(300) < chance**2, 1.0, -1.0)
    found = probability_reliability(rows(label, chance))
    share, mean = calibration_curve(label > 0, chance, n_bins=10)
    assert [each["positive"] for each in found["bins"]] == pytest.approx(share, abs=1e-6)
    assert [each["probability"] for each in found["bins"]] == pytest.approx(mean, abs=1e-6)
    assert found["brier"] == pytest.approx(brier_score_loss(label > 0, chance), abs=1e-6)


def table(split, label, prediction, probability):
    count = len(label)
    return pd.DataFrame(
        {
            "video_id": [f"v{n % 7}" for n in range(count)],
            "clip_id": [str(n) for n in range(count)],
            "split": split,
            "label": label,
            "prediction": prediction,
            "probability": probability,
        }
    )


@pytest.fixture
def run():
    rng = np.random.default_rng(2)
    label = rng.uniform(-3, 3, 60)
    prediction = label + rng.normal(0, 0.5, 60)
    split = ["train", "valid", "test"] * 20
    return table(split, label, prediction, 1 / (1 + np.exp(-3 * prediction)))


def test_only_test_rows_are_measured_and_only_valid_rows_set_the_width(run):
    found = calibration({"seed 1": run}, resamples=50)
    assert "reason" not in found
    valid, test = (run[run["split"] == split] for split in ("valid", "test"))
    errors = (valid["label"] - valid["prediction"]).abs().sort_values()
    nine = found["prediction_intervals"]["0.9"]
    assert nine["half_width"] == [pytest.approx(errors.iloc[18], abs=1e-6)]
    held = (test["label"] - test["prediction"]).abs() <= errors.iloc[18]
    assert nine["coverage"] == pytest.approx(held.mean())
    assert sum(each["n"] for each in found["score"]["bins"]) == 20
    assert sum(each["n"] for each in found["probability"]["bins"]) == 20
    json.dumps(found, allow_nan=False)


def test_the_reliability_on_valid_rows_stands_beside_that_on_test_rows(run):
    found = calibration({"seed 1": run}, resamples=50)
    of_other_split = run["split"].map({"train": "train", "valid": "test", "test": "valid"})
    turned = calibration({"seed 1": run.assign(split=of_other_split)}, resamples=50)
    for name in ("score", "probability"):
        assert found[f"valid_{name}"] == turned[name] != found[name]


def test_without_test_rows_there_is_only_what_valid_rows_give(run):
    untested = run[run["split"] != "test"]
    found = calibration({"seed 1": untested}, resamples=50)
    assert found["reason"].startswith("no labelled test row")
    assert found["prediction_intervals"]["0.8"]["half_width"][0] > 0
    assert found["prediction_intervals"]["0.8"]["coverage"] is None
    assert found["score"] is None
    assert found["probability"] is None
    assert found["valid_score"]["slope"] > 0


def test_without_valid_rows_there_is_no_width(run):
    found = calibration({"seed 1": run[run["split"] != "valid"]}, resamples=50)
    assert found["reason"].startswith("no labelled valid row")
    assert found["prediction_intervals"]["0.8"]["half_width"] == [None]
    assert found["valid_score"] is None
    assert found["score"]["slope"] > 0

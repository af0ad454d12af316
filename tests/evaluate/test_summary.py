import json

import numpy as np
import pandas as pd
import pytest

from devaflow.errors import InputError
from devaflow.evaluate.metrics import METRICS, scores
from devaflow.evaluate.summary import handed_on, summary


def predictions(shift, splits=("train", "valid", "test")):
    """Four videos of six clips, one of which has no label; label plus noise as prediction."""
    rng = np.random.default_rng(2)
    label = np.round(rng.uniform(-3, 3, 24), 1)
    noise = rng.normal(0, 1, 24)
    table = pd.DataFrame(
        {
            "video_id": np.repeat(list("abcd"), 6),
            "clip_id": np.tile(list("123456"), 4),
            "split": np.tile(splits, 24 // len(splits)),
            "label": label,
            "prediction": label + shift * noise,
            "probability": 0.5,
        }
    )
    table.loc[0, ["label", "split"]] = [np.nan, "unlabelled"]
    return table


@pytest.fixture
def content():
    runs = {42: predictions(0.5), 43: predictions(1.5)}
    untested = predictions(0.5, splits=("train", "valid"))
    return summary(
        variant="optimized",
        protocols=["official", "random", "grouped"],
        predictions={"official": {42: untested}, "random": runs},
        references={"random": {"mean": predictions(0.0).assign(prediction=0.2)}},
        reasons={"grouped": "1 video cannot be divided"},
        data={"segments": 24},
        provenance={"config": {"lr": 1e-7}},
        resamples=50,
    )


def test_the_file_can_be_written_without_nan(content):
    json.dumps(content, allow_nan=False)


def test_the_top_of_the_file_is_the_first_protocol_with_test_rows(content):
    assert list(content)[:5] == ["variant", "Acc-2", "F1-weighted", "MAE", "Pearson"]
    assert content["headline_protocol"] == "random"
    for name in ("Acc-2", "F1-weighted", "MAE", "Pearson"):
        assert content[name] == content["protocols"]["random"]["test"][name]
    assert "reason" not in content


@pytest.mark.parametrize(("split", "deviation"), [("test", "sd"), ("valid", "valid_sd")])
def test_a_protocol_reports_mean_and_deviation_over_seeds(content, split, deviation):
    each = []
    for shift in (0.5, 1.5):
        rows = predictions(shift).query("split == @split")
        each.append(scores(rows["label"], rows["prediction"])["MAE"])
    random = content["protocols"]["random"]
    assert random[split]["MAE"] == pytest.approx(np.mean(each), abs=1e-6)
    assert random[deviation]["MAE"] == pytest.approx(abs(each[0] - each[1]) / np.sqrt(2), abs=1e-6)
    assert content["seeds"]["random"]["43"][split]["MAE"] == pytest.approx(each[1], abs=1e-6)


def test_rows_are_counted_per_split(content):
    assert content["protocols"]["random"]["n"] == {
        "train": 7,
        "valid": 8,
        "test": 8,
        "unlabelled": 1,
    }


def test_a_protocol_without_test_rows_says_so_and_keeps_its_valid_figures(content):
    official = content["protocols"]["official"]
    assert official["test"] is None
    assert "test row" in official["reason"]
    assert list(official["valid"]) == list(METRICS)
    assert official["sd"] is None
    assert content["seeds"]["official"]["42"] == {"test": None, "valid": official["valid"]}
    assert "official" not in content["intervals"]


def test_a_protocol_that_could_not_be_run_gives_the_reason(content):
    grouped = content["protocols"]["grouped"]
    assert grouped["test"] is None
    assert grouped["n"] is None
    assert grouped["reason"] == "1 video cannot be divided"


@pytest.mark.parametrize(("split", "key"), [("test", "references"), ("valid", "valid_references")])
def test_references_are_scored_on_the_same_rows(content, split, key):
    label = predictions(0.0).query("split == @split")["label"]
    expected = scores(label, np.full(len(label), 0.2))
    assert expected["Pearson"] is None
    assert content["protocols"]["random"][key]["mean"] == pytest.approx(expected, abs=1e-6)


def test_the_ensemble_of_the_seeds_is_scored_as_one_predictor(content):
    together = content["protocols"]["random"]["ensemble"]
    each = [predictions(shift) for shift in (0.5, 1.5)]
    test = (each[0]["split"] == "test") & each[0]["label"].notna()
    mean = (each[0]["prediction"] + each[1]["prediction"])[test] / 2
    assert together["test"]["MAE"] == pytest.approx((mean - each[0]["label"][test]).abs().mean())
    assert together["seeds"] == 2
    low, high = together["intervals"]["MAE"]
    assert low <= together["test"]["MAE"] <= high
    assert together["valid"]["MAE"] > 0
    assert len(together["calibration"]["prediction_intervals"]["0.8"]["half_width"]) == 1
    assert content["protocols"]["official"]["ensemble"] is None  # one seed
    assert content["protocols"]["grouped"]["ensemble"] is None  # none


def test_every_protocol_that_was_run_is_calibrated(content):
    random = content["protocols"]["random"]["calibration"]
    assert len(random["prediction_intervals"]["0.8"]["half_width"]) == 2
    assert 0 <= random["prediction_intervals"]["0.8"]["coverage"] <= 1
    assert sum(each["n"] for each in random["score"]["bins"]) == 16
    official = content["protocols"]["official"]["calibration"]
    assert "test row" in official["reason"]
    assert official["prediction_intervals"]["0.8"]["half_width"][0] > 0
    assert official["score"] is None
    assert content["protocols"]["grouped"]["calibration"] is None
    assert content["protocols"]["grouped"]["reason"]


def test_the_model_that_is_handed_on_carries_its_half_widths(content):
    reached = handed_on(content)
    assert (reached["protocol"], reached["seed"]) == ("random", 42)
    assert reached["test"] == content["seeds"]["random"]["42"]["test"]
    assert reached["valid"] == content["seeds"]["random"]["42"]["valid"]
    intervals = content["protocols"]["random"]["calibration"]["prediction_intervals"]
    assert reached["half_width"] == {
        "0.8": intervals["0.8"]["half_width"][0],
        "0.9": None,  # eight valid rows do not vouch for it
    }


def test_intervals_hold_the_mean_over_seeds(content):
    low, high = content["intervals"]["random"]["MAE"]
    assert low <= content["MAE"] <= high
    assert content["resampling"]["unit"] == "video"
    assert content["resampling"]["resamples"] == 50


def test_the_confusion_counts_every_test_row_once_per_seed(content):
    confusion = content["confusion"]
    assert [confusion[key] for key in ("protocol", "split", "seeds")] == ["random", "test", 2]
    assert np.sum(confusion["confusion"]["counts"]) == 16
    assert sum(values["support"] for values in confusion["classes"].values()) == 16


def test_metrics_are_rounded_and_provenance_is_not(content):
    for value in content["protocols"]["random"]["test"].values():
        assert value == round(value, 6)
    assert content["provenance"]["config"]["lr"] == 1e-7
    assert content["data"] == {"segments": 24}


def test_without_any_test_rows_the_figures_are_null_with_a_reason():
    untested = predictions(0.5, splits=("train", "valid"))
    runs = {"official": {1: untested}}
    found = summary("best", ["official", "grouped"], runs, {}, {}, {}, {}, resamples=20)
    assert found["headline_protocol"] is None
    assert [found[name] for name in ("Acc-2", "F1-weighted", "MAE", "Pearson")] == [None] * 4
    assert found["reason"].startswith("official: no labelled row")
    assert "grouped: no predictions" in found["reason"]
    confusion = found["confusion"]
    assert [confusion[key] for key in ("protocol", "split", "seeds")] == ["official", "valid", 1]
    assert np.sum(confusion["confusion"]["counts"]) == (untested["split"] == "valid").sum()
    json.dumps(found, allow_nan=False)


def test_a_metric_that_one_seed_lacks_has_no_mean():
    constant = predictions(0.5).assign(prediction=0.3)
    runs = {"random": {1: predictions(0.5), 2: constant}}
    found = summary("v", ["random"], runs, {}, {}, {}, {}, resamples=20)
    assert found["Pearson"] is None
    assert found["intervals"]["random"]["Pearson"] is None
    assert found["resampling"]["undefined"]["random"] == {"Pearson": 20}
    assert found["MAE"] > 0


def test_a_diverged_seed_is_named_with_its_protocol():
    table = predictions(0.5)
    table.loc[5, "prediction"] = np.nan
    with pytest.raises(InputError, match="random, seed 9"):
        summary("v", ["random"], {"random": {9: table}}, {}, {}, {}, {}, resamples=20)

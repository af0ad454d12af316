import pandas as pd

from devaflow.evaluate.comparison import compare
from devaflow.evaluate.predictors import predictors


def test_a_clearly_better_predictor_differs_and_equal_ones_do_not(predictions):
    better, same, worse = predictions(0.1), predictions(0.1), predictions(1.5)
    pairs = compare(
        predictors({"a": {1: better}, "b": {1: same}, "c": {1: worse}}, {}), resamples=500
    )["test"]
    found = {(pair["first"], pair["second"]): pair["differences"]["MAE"] for pair in pairs}
    assert set(found) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert found["a", "b"]["value"] == 0
    assert found["a", "b"]["p"] == 1
    assert found["a", "c"]["value"] < -0.5
    assert found["a", "c"]["interval"][1] < 0
    assert found["a", "c"]["p"] < 0.05


def test_seeds_are_averaged_before_they_are_compared(predictions):
    once = {"a": {1: predictions(0.1)}, "b": {1: predictions(1.5)}}
    twice = {"a": {1: predictions(0.1), 2: predictions(1.5)}, "b": {1: predictions(1.5)}}
    pair = compare(predictors(twice, {}), resamples=100)["test"][0]
    single = compare(predictors(once, {}), resamples=100)["test"][0]
    halved = single["differences"]["MAE"]["value"] / 2
    assert abs(pair["differences"]["MAE"]["value"] - halved) < 1e-5


def test_test_and_valid_rows_are_compared_apart(predictions):
    def both(error_in_test, error_in_valid):
        valid = predictions(error_in_valid, "valid")
        return pd.concat([predictions(error_in_test), valid], ignore_index=True)

    variants = {"a": {1: both(0.1, 1.5)}, "b": {1: both(1.5, 0.1)}}
    found = compare(predictors(variants, {}), resamples=100)
    difference = {split: pairs[0]["differences"]["MAE"]["value"] for split, pairs in found.items()}
    assert difference["test"] < -0.5
    assert difference["valid"] == -difference["test"]


def test_a_split_without_rows_has_no_pairs(predictions):
    variants = {"a": {1: predictions(0.1, "valid")}, "b": {1: predictions(1, "valid")}}
    found = compare(predictors(variants, {}), 100)
    assert found["test"] == []
    assert len(found["valid"]) == 1


def test_a_variant_is_not_compared_with_an_ensemble_which_always_wins(predictions):
    seeds = {1: predictions(0.4), 2: predictions(0.5)}
    pairs = compare(predictors({"a": seeds, "b": seeds}, {"r": predictions(1)}), 100)["test"]
    assert [(pair["first"], pair["second"]) for pair in pairs] == [
        ("a", "b"),
        ("a", "r"),
        ("b", "r"),
        ("a (ensemble)", "b (ensemble)"),
        ("a (ensemble)", "r"),
        ("b (ensemble)", "r"),
    ]


def test_a_pair_says_on_what_it_was_tested_and_leaves_out_what_does_not_exist(predictions):
    constant = predictions(0.1).assign(prediction=0.0)
    pair = compare(predictors({"a": {1: predictions(0.1)}}, {"r": constant}), 100)["test"][0]
    rows = predictions(0.1)
    assert (pair["n_rows"], pair["n_videos"]) == (len(rows), rows["video_id"].nunique())
    assert pair["differences"]["Pearson"] == {"value": None, "interval": None, "p": None}

import pandas as pd

from devaflow.evaluate.comparison import compare


def test_a_clearly_better_predictor_differs_and_equal_ones_do_not(predictions):
    better, same, worse = predictions(0.1), predictions(0.1), predictions(1.5)
    pairs = compare({"a": {1: better}, "b": {1: same}, "c": {1: worse}}, resamples=500)["test"]
    found = {(pair["first"], pair["second"]): pair["differences"]["MAE"] for pair in pairs}
    assert set(found) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert found["a", "b"]["value"] == 0
    assert found["a", "b"]["p"] == 1
    assert found["a", "c"]["value"] < -0.5
    assert found["a", "c"]["interval"][1] < 0
    assert found["a", "c"]["p"] < 0.05


def test_seeds_are_averaged_before_they_are_compared(predictions):
    (pair,) = compare(
        {"a": {1: predictions(0.1), 2: predictions(1.5)}, "b": {1: predictions(1.5)}}, resamples=100
    )["test"]
    one_seed = {"a": {1: predictions(0.1)}, "b": {1: predictions(1.5)}}
    single = compare(one_seed, resamples=100)["test"][0]
    halved = single["differences"]["MAE"]["value"] / 2
    assert abs(pair["differences"]["MAE"]["value"] - halved) < 1e-5


def test_test_and_valid_rows_are_compared_apart(predictions):
    def both(error_in_test, error_in_valid):
        valid = predictions(error_in_valid, "valid")
        return pd.concat([predictions(error_in_test), valid], ignore_index=True)

    found = compare({"a": {1: both(0.1, 1.5)}, "b": {1: both(1.5, 0.1)}}, resamples=100)
    difference = {split: pairs[0]["differences"]["MAE"]["value"] for split, pairs in found.items()}
    assert difference["test"] < -0.5
    assert difference["valid"] == -difference["test"]


def test_a_split_without_rows_has_no_pairs(predictions):
    found = compare({"a": {1: predictions(0.1, "valid")}, "b": {1: predictions(1, "valid")}}, 100)
    assert found["test"] == []
    assert len(found["valid"]) == 1

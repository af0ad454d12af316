import numpy as np
import pandas as pd

from devaflow.evaluate.comparison import compare


def table(error, split="test"):
    rng = np.random.default_rng(1)
    label = rng.uniform(-3, 3, 60)
    return pd.DataFrame(
        {
            "video_id": [f"v{n // 6}" for n in range(60)],
            "clip_id": [str(n) for n in range(60)],
            "split": split,
            "label": label,
            "prediction": (label + rng.normal(0, error, 60)).clip(-3, 3),
        }
    )


def test_a_clearly_better_predictor_differs_and_equal_ones_do_not():
    better, same, worse = table(0.1), table(0.1), table(1.5)
    pairs = compare({"a": {1: better}, "b": {1: same}, "c": {1: worse}}, resamples=500)
    found = {(pair["first"], pair["second"]): pair["differences"]["MAE"] for pair in pairs}
    assert set(found) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert found["a", "b"]["value"] == 0
    assert found["a", "b"]["p"] == 1
    assert found["a", "c"]["value"] < -0.5
    assert found["a", "c"]["interval"][1] < 0
    assert found["a", "c"]["p"] < 0.05


def test_seeds_are_averaged_before_they_are_compared():
    (pair,) = compare({"a": {1: table(0.1), 2: table(1.5)}, "b": {1: table(1.5)}}, resamples=100)
    single = compare({"a": {1: table(0.1)}, "b": {1: table(1.5)}}, resamples=100)[0]
    halved = single["differences"]["MAE"]["value"] / 2
    assert abs(pair["differences"]["MAE"]["value"] - halved) < 1e-5


def test_without_test_rows_nothing_is_compared():
    assert compare({"a": {1: table(0.1, "valid")}, "b": {1: table(1, "valid")}}, 100) == []

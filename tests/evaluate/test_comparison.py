from devaflow.evaluate.comparison import compare


def test_a_clearly_better_predictor_differs_and_equal_ones_do_not(predictions):
    better, same, worse = predictions(0.1), predictions(0.1), predictions(1.5)
    pairs = compare({"a": {1: better}, "b": {1: same}, "c": {1: worse}}, resamples=500)
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
    )
    single = compare({"a": {1: predictions(0.1)}, "b": {1: predictions(1.5)}}, resamples=100)[0]
    halved = single["differences"]["MAE"]["value"] / 2
    assert abs(pair["differences"]["MAE"]["value"] - halved) < 1e-5


def test_without_test_rows_nothing_is_compared(predictions):
    assert (
        compare({"a": {1: predictions(0.1, "valid")}, "b": {1: predictions(1, "valid")}}, 100) == []
    )

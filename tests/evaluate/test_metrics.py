import json
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from scipy.stats import linregress

from devaflow.evaluate.metrics import METRICS, NEUTRAL_RULE, class_report, nearest_class, scores


def test_the_keys_are_the_ten_metrics_in_their_order():
    assert list(scores([1.0, -1.0], [1.0, 1.0])) == list(METRICS)


def test_the_three_conventions_differ_on_neutral_labels():
    label = [-1.0, 0.0, 0.0, 2.0]
    prediction = [0.5, 0.5, -0.5, 1.0]
    found = scores(label, prediction)
    assert found["Acc-2"] == 2 / 4  # neutral is negative: rows 3 and 4 agree
    assert found["Acc-2-Has0"] == 2 / 4  # neutral is positive: rows 2 and 4 agree
    assert found["Acc-2-Non0"] == 1 / 2  # rows 1 and 4 are left, and row 4 agrees


def test_a_prediction_of_exactly_zero_is_negative_for_the_seed_and_positive_for_has0():
    found = scores([-1.0, 1.0], [0.0, 0.0])
    assert found["Acc-2"] == 0.5
    assert found["F1-weighted"] == pytest.approx(1 / 3)  # the negative side: 2/3, half the support
    assert scores([1.0, 1.0], [0.0, 0.0])["Acc-2-Has0"] == 1.0
    assert scores([1.0, 1.0], [0.0, 0.0])["Acc-2"] == 0.0


def test_acc5_and_acc7_count_equal_rounded_scores():
    label = [3.0, 2.5, -0.5, -3.0]
    prediction = [2.2, 1.6, 0.4, 2.0]
    assert scores(label, prediction)["Acc-7"] == 2 / 4  # 3/2, 2/2, 0/0, -3/2
    assert scores(label, prediction)["Acc-5"] == 3 / 4  # 2/2, 2/2, 0/0, -2/2


def test_all_three_readings_worked_by_hand():
    label = [2.0, 0.6, 0.0, 0.0, -0.4, -1.0, -3.0, 1.0]
    prediction = [1.5, -0.2, 0.0, -0.1, 0.3, -0.8, -2.0, 0.0]
    found = scores(label, prediction)
    # > 0: rows 1, 3, 4, 6, 7 agree; positive 1 of 3 hit with 2 guesses, negative 4 of 5 with 6.
    assert found["Acc-2"] == 5 / 8
    assert found["F1-weighted"] == pytest.approx((3 * 2 / 5 + 5 * 8 / 11) / 8)
    # >= 0: rows 1, 3, 6, 7, 8 agree; positive 3 of 5 hit with 4 guesses, negative 2 of 3 with 4.
    assert found["Acc-2-Has0"] == 5 / 8
    assert found["F1-Has0"] == pytest.approx((5 * 6 / 9 + 3 * 4 / 7) / 8)
    # > 0 without rows 3 and 4: 1, 6, 7 agree; positive 1 of 3 with 2, negative 2 of 3 with 4.
    assert found["Acc-2-Non0"] == 3 / 6
    assert found["F1-Non0"] == pytest.approx((3 * 2 / 5 + 3 * 4 / 7) / 6)


def test_halves_worked_by_hand():
    label = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.6]
    prediction = [0.0, 2.5, 1.5, 0.5, -2.5, -1.5, 3.9]
    found = scores(label, prediction)
    # To even: 0 2 2 0 -2 -2 3 on both sides. Away from zero only the last would agree.
    assert found["Acc-7"] == 1.0
    assert found["Acc-5"] == 1.0
    assert scores([2.5, -2.5], [2.6, -3.0])["Acc-7"] == 0.0  # 2 and 3, -2 and -3
    assert scores([2.5, -2.5], [2.6, -3.0])["Acc-5"] == 1.0  # clipped to 2 and -2 before


@pytest.mark.parametrize("bound", [2, 3])
def test_classes_are_those_of_decimal_arithmetic(bound):
    tenths = range(-40, 41)
    expected = [
        int(
            max(min(Decimal(tenth) / 10, Decimal(bound)), Decimal(-bound)).quantize(
                Decimal(1), ROUND_HALF_EVEN
            )
        )
        for tenth in tenths
    ]
    assert nearest_class(np.array(tenths) / 10, bound).tolist() == expected


def test_error_and_correlation_worked_by_hand():
    found = scores([-1.0, 0.0, 1.0, 2.0], [0.0, 0.0, 0.0, 3.0])
    assert found["MAE"] == 3 / 4
    # Deviations -1.5 -.5 .5 1.5 and -.75 -.75 -.75 2.25: 4.5 over the root of 5 * 6.75.
    assert found["Pearson"] == pytest.approx(4.5 / np.sqrt(5 * 6.75))


def test_a_constant_has_no_correlation_and_the_rest_stays_json():
    found = scores([1.0, -1.0, 0.5], [0.3, 0.3, 0.3])
    assert found["Pearson"] is None
    json.dumps(found, allow_nan=False)


def test_metrics_without_rows_are_none():
    assert set(scores([], []).values()) == {None}
    only_neutral = scores([0.0, 0.0], [0.1, -0.1])
    assert only_neutral["Acc-2-Non0"] is None
    assert only_neutral["F1-Non0"] is None
    assert only_neutral["Acc-2"] == 0.5


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        scores([1.0, 2.0], [np.nan, 1.0])


@pytest.mark.parametrize("seed", range(3))
def test_an_independent_computation_agrees(seed):
    rng = np.random.default_rng(seed)
    label = np.round(rng.uniform(-3, 3, 80) * 5) / 5
    label[rng.integers(0, 80, 12)] = 0
    prediction = label + rng.normal(0, 1.5, 80)
    found = scores(label, prediction)

    def weighted_f1(truth, guess):
        total = 0.0
        for side in (0, 1):
            hits = np.sum((truth == side) & (guess == side))
            total += (
                np.mean(truth == side) * 2 * hits / (np.sum(truth == side) + sum(guess == side))
            )
        return total

    some = label != 0
    pairs = {
        ("Acc-2", "F1-weighted"): (label > 0, prediction > 0),
        ("Acc-2-Has0", "F1-Has0"): (label >= 0, prediction >= 0),
        ("Acc-2-Non0", "F1-Non0"): (label[some] > 0, prediction[some] > 0),
    }
    for (accuracy, f1), (truth, guess) in pairs.items():
        assert found[accuracy] == pytest.approx(np.mean(truth == guess))
        assert found[f1] == pytest.approx(weighted_f1(truth.astype(int), guess.astype(int)))
    for name, bound in (("Acc-5", 2), ("Acc-7", 3)):
        agree = [
            round(min(max(a, -bound), bound)) == round(min(max(b, -bound), bound))
            for a, b in zip(label.tolist(), prediction.tolist(), strict=True)
        ]
        assert found[name] == pytest.approx(np.mean(agree))
    assert found["MAE"] == pytest.approx(np.abs(label - prediction).mean())
    assert found["Pearson"] == pytest.approx(np.corrcoef(label, prediction)[0, 1])
    assert found["Pearson"] == pytest.approx(linregress(label, prediction).rvalue)


def test_class_report_counts_true_classes_in_rows():
    report = class_report([-1.0, 0.0, 0.0, 2.0, 0.2], [-0.4, 0.05, 0.3, 1.0, -0.09])
    assert report["confusion"]["labels"] == ["negative", "neutral", "positive"]
    assert report["confusion"]["counts"] == [[1, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert report["classes"]["neutral"] == {
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
        "mae": pytest.approx(0.175),
        "bias": pytest.approx(0.175),
        "support": 2,
    }
    assert report["rule"] == NEUTRAL_RULE


def test_the_class_report_agrees_with_counting():
    rng = np.random.default_rng(3)
    label = np.round(rng.uniform(-1, 1, 200) * 5) / 5
    prediction = label + rng.normal(0, 0.3, 200)
    report = class_report(label, prediction)
    of_label = [(value > 0) - (value < 0) for value in label.tolist()]
    of_prediction = [0 if abs(value) < 0.1 else (1 if value > 0 else -1) for value in prediction]
    pairs = list(zip(of_label, of_prediction, strict=True))
    for true, name in ((-1, "negative"), (0, "neutral"), (1, "positive")):
        row = [pairs.count((true, guess)) for guess in (-1, 0, 1)]
        assert report["confusion"]["counts"][true + 1] == row
        hits, found = pairs.count((true, true)), report["classes"][name]
        assert found["recall"] == pytest.approx(hits / of_label.count(true))
        assert found["precision"] == pytest.approx(hits / of_prediction.count(true))
        errors = [
            p - a for p, a, sign in zip(prediction, label, of_label, strict=True) if sign == true
        ]
        assert found["mae"] == pytest.approx(np.mean(np.abs(errors)))
        assert found["bias"] == pytest.approx(np.mean(errors))


def test_the_neutral_band_ends_at_a_tenth():
    counts = class_report([0.0] * 4, [0.099, -0.099, 0.1, -0.1])["confusion"]["counts"]
    assert counts[1] == [1, 2, 1]


def test_what_does_not_exist_of_a_class_is_none():
    report = class_report([1.0, 2.0, 0.0], [1.0, 1.0, 1.0])
    absent = {
        "precision": None,
        "recall": None,
        "f1": None,
        "mae": None,
        "bias": None,
        "support": 0,
    }
    assert report["classes"]["negative"] == absent
    never_predicted = {"precision": None, "recall": 0, "f1": 0, "mae": 1, "bias": 1, "support": 1}
    assert report["classes"]["neutral"] == never_predicted
    json.dumps(report, allow_nan=False)

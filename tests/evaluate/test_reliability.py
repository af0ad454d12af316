import numpy as np
import pytest

from devaflow.evaluate.reliability import draw
from devaflow.evaluate.summary import summary


@pytest.fixture
def drawn(predictions, tmp_path):
    """drawn(*splits): the metrics of 60 segments that are dealt out to these, and the figure."""

    def make(*splits, seeds=1):
        table = predictions(0.8).assign(split=np.resize(splits, 60))
        runs = {"official": dict.fromkeys(range(seeds), table)}
        metrics = summary("best", ["official"], runs, {}, {}, {}, {}, resamples=50)
        draw(metrics, tmp_path / "figure.svg")
        return metrics, (tmp_path / "figure.svg").read_text()

    return make


def test_the_title_says_of_what_the_figure_is_and_what_the_intervals_hold(drawn):
    metrics, figure = drawn("valid", "test")
    assert ">best, official: 30 test rows<" in figure
    for level, name in (("0.8", "80%"), ("0.9", "90%")):
        of = metrics["protocols"]["official"]["calibration"]["prediction_intervals"][level]
        low, high = of["coverage_interval"]
        held = f"{of['coverage']:.1%} of the labels [{low:.1%}, {high:.1%}]"
        assert f">{name} prediction intervals hold {held}<" in figure


def test_with_several_seeds_it_says_how_many_predictions_a_row_has(drawn):
    metrics, figure = drawn("valid", "test", seeds=3)
    assert ">best, official: 30 test rows, 3 seeds<" in figure
    bins = metrics["protocols"]["official"]["calibration"]["score"]["bins"]
    assert sum(one["n"] for one in bins) == 90


def test_a_point_says_how_many_predictions_it_stands_for(drawn):
    metrics, figure = drawn("valid", "test")
    known = metrics["protocols"]["official"]["calibration"]
    for bins in (known["score"]["bins"], known["probability"]["bins"]):
        assert all(f">{one['n']}<" in figure for one in bins)


def test_without_test_rows_the_valid_ones_are_drawn_and_called_so(drawn):
    _, figure = drawn("train", "valid")
    assert ">best, official: 30 valid rows, which chose the epoch<" in figure
    assert "intervals hold" not in figure, "the same rows gave their widths"

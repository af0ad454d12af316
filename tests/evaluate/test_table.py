import numpy as np
import pandas as pd
import pytest

from devaflow.evaluate.comparison import compare
from devaflow.evaluate.metrics import METRICS
from devaflow.evaluate.predictors import predictors
from devaflow.evaluate.summary import summary
from devaflow.evaluate.table import as_markdown, tabulate

COLUMNS = ["protocol", "split", "predictor", "kind", "metric", "mean", "sd", "low", "high", "p"]


def run(error, seed, splits=("train", "valid", "test")):
    label = np.random.default_rng(0).uniform(-3, 3, 90)
    noise = np.random.default_rng(seed).normal(0, error, 90)
    return pd.DataFrame(
        {
            "video_id": np.repeat([f"v{n}" for n in range(30)], 3),
            "clip_id": np.tile(list("123"), 30),
            "split": np.repeat(np.resize(splits, 30), 3),
            "label": label,
            "prediction": (label + noise).clip(-3, 3),
            "probability": 0.5,
        }
    )


VARIANTS = {"good": {1: run(0.5, 1), 2: run(0.5, 2)}, "bad": {1: run(2.0, 3), 2: run(2.0, 4)}}
REFERENCES = {"mean": run(0.0, 0).assign(prediction=0.1)}
UNTESTED = {"good": {1: run(0.5, 1, splits=("train", "valid"))}}


@pytest.fixture(scope="module")
def table():
    members = {"random": predictors(VARIANTS, REFERENCES), "official": predictors(UNTESTED, {})}
    return tabulate(members, resamples=200)


def figures(table, predictor, metric="MAE", split="test", protocol="random"):
    found = table.set_index(["protocol", "split", "predictor", "metric"])
    return found.loc[(protocol, split, predictor, metric)]


def test_there_is_one_row_for_each_protocol_split_predictor_and_metric(table):
    assert list(table) == [*COLUMNS, "compared_with", "n_seeds", "n_rows", "n_videos"]
    names = ["good", "bad", "good (ensemble)", "bad (ensemble)", "mean"]
    tested = table[table["protocol"] == "random"]
    assert list(tested["predictor"].unique()) == names
    assert len(tested) == 2 * len(names) * len(METRICS)
    assert not table.duplicated(["protocol", "split", "predictor", "metric"]).any()
    row = figures(table, "good")
    assert (row["n_seeds"], row["n_rows"], row["n_videos"]) == (2, 30, 10)
    assert figures(table, "good (ensemble)")["n_seeds"] == 2
    assert figures(table, "mean")["n_seeds"] == 0


def test_its_figures_are_those_of_the_metrics_file(table):
    content = summary(
        "good", ["random"], {"random": VARIANTS["good"]}, {}, {}, {}, {}, resamples=200
    )
    protocol = content["protocols"]["random"]
    for metric in METRICS:
        row = figures(table, "good", metric)
        assert row["mean"] == pytest.approx(protocol["test"][metric], abs=1e-6)
        assert row["sd"] == pytest.approx(protocol["sd"][metric], abs=1e-6)
        bounds = content["intervals"]["random"][metric]
        assert [row["low"], row["high"]] == pytest.approx(bounds, abs=1e-6)
        valid = figures(table, "good", metric, split="valid")
        assert valid["mean"] == pytest.approx(protocol["valid"][metric], abs=1e-6)
        together = figures(table, "good (ensemble)", metric)
        assert together["mean"] == pytest.approx(protocol["ensemble"]["test"][metric], abs=1e-6)
        bounds = protocol["ensemble"]["intervals"][metric]
        assert [together["low"], together["high"]] == pytest.approx(bounds, abs=1e-6)


def test_p_is_that_of_the_comparison_with_the_first_variant(table):
    pairs = compare(predictors(VARIANTS, REFERENCES), 200)["test"]
    firsts = {"bad": "good", "mean": "good", "bad (ensemble)": "good (ensemble)"}
    for other, first in firsts.items():
        (pair,) = [p for p in pairs if (p["first"], p["second"]) == (first, other)]
        assert figures(table, other)["p"] == pytest.approx(
            pair["differences"]["MAE"]["p"], abs=1e-6
        )
        assert figures(table, other)["p"] < 0.05
        assert figures(table, other)["compared_with"] == first
    for first in ("good", "good (ensemble)"):
        assert np.isnan(figures(table, first)["p"])


def test_what_does_not_exist_is_empty(table):
    assert np.isnan(figures(table, "mean", "Pearson")["mean"])
    assert np.isnan(figures(table, "good (ensemble)")["sd"])


def test_a_protocol_without_test_rows_keeps_its_valid_rows(table):
    assert set(table[table["protocol"] == "official"]["split"]) == {"valid"}
    text = as_markdown(table)
    assert "The protocol official has no labelled test rows." in text
    assert "protocol random has no" not in text


def test_what_must_be_known_of_the_data_stands_before_the_figures(table):
    text = as_markdown(table, ["official, test: vision can be used in 0 of 686 segments"])
    assert text.index("Mind: official, test: vision can be used in 0 of 686") < text.index("## ")


def test_the_markdown_has_one_table_for_each_protocol_and_split(table):
    text = as_markdown(table)
    sections = text.split("\n## ")
    assert [section.split(":")[0] for section in sections[1:]] == [
        "random, test",
        "random, valid",
        "official, valid",
    ]
    assert sections[1].startswith("random, test: 30 segments of 10 videos")
    for section in sections[1:]:
        assert ("These rows chose" in section) == ("valid" in section.split(":")[0])
        lines = [line for line in section.splitlines() if line.startswith("|")]
        assert {line.count("|") for line in lines} == {len(METRICS) + 4}
    row = figures(table, "good")
    cell = f"{row['mean']:.3f} ± {row['sd']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    (line,) = [line for line in sections[1].splitlines() if line.startswith("| good |")]
    assert line.split(" | ")[2 + METRICS.index("MAE")] == cell
    (line,) = [line for line in sections[1].splitlines() if line.startswith("| mean |")]
    assert line.split(" | ")[2 + METRICS.index("Pearson")] == "-"
    assert line.endswith(f"| {figures(table, 'mean')['p']:.3f} |")


def test_it_says_what_few_videos_are_worth(table):
    assert "With 10 videos intervals are too narrow, and no p can be below 0.002 " in as_markdown(
        table
    )
    assert "With 19 videos intervals are too narrow (docs" in as_markdown(table.assign(n_videos=19))
    assert "too narrow" not in as_markdown(table.assign(n_videos=20))
    assert "Of one video there are no intervals and no p." in as_markdown(table.assign(n_videos=1))


def test_no_p_is_shown_as_0(table):
    text = as_markdown(table.assign(p=table["p"].where(table["p"].isna(), 0.0002)))
    assert "| < 0.001 |" in text
    assert "| 0.000 |" not in text

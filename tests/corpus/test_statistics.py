import json

import numpy as np
import pandas as pd
import pytest

from devaflow.corpus.statistics import statistics


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "video_id": list("aabbc"),
            "clip_id": list("12121"),
            "split": ["train", "train", "train", "valid", "unlabelled"],
            "label": [-3.0, 0.0, 2.5, 0.6, np.nan],
        }
    )


def test_a_split_worked_by_hand(table):
    assert statistics({"random": table}, {})["splits"]["random"]["train"] == {
        "segments": 3,
        "videos": 2,
        "negative": 1,
        "neutral": 1,
        "positive": 1,
        "mean": -0.166667,
        "sd": 2.753785,
        "histogram": {"-3": 1, "-2": 0, "-1": 0, "0": 1, "1": 0, "2": 1, "3": 0},
    }


def test_an_empty_split_is_there_with_no_mean(table):
    test = statistics({"official": table}, {})["splits"]["official"]["test"]
    assert (test["segments"], test["mean"], test["sd"]) == (0, None, None)


def test_one_row_has_a_mean_and_no_deviation(table):
    valid = statistics({"official": table}, {})["splits"]["official"]["valid"]
    assert (valid["mean"], valid["sd"]) == (0.6, None)
    assert valid["histogram"]["1"] == 1, "1 is nearer than 0"


def test_rows_without_label_are_counted_and_only_named_where_there_are_any(table):
    found = statistics({"p": table, "q": table[:4]}, {})["splits"]
    assert found["p"]["unlabelled"]["segments"] == 1
    assert found["p"]["unlabelled"]["positive"] == 0
    assert list(found["q"]) == ["train", "valid", "test"]


def test_dimensions_are_passed_on_and_all_of_it_is_json(table):
    dimensions = {"audio": {"hidden": 384, "mean_tokens": 17.5, "distinct_texts": 79}}
    found = statistics({"random": table}, dimensions)
    assert found["dimensions"] == dimensions
    assert json.loads(json.dumps(found, allow_nan=False)) == found

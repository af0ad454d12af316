import numpy as np
import pandas as pd
import pytest

from devaflow.evaluate.predictions import stacked
from devaflow.evaluate.predictors import by_training, predictors, read_predictors, read_references
from devaflow.files import write_table


def table(prediction):
    return pd.DataFrame(
        {
            "video_id": ["a", "a", "b"],
            "clip_id": ["1", "2", "1"],
            "split": ["valid", "test", "unlabelled"],
            "label": [1.0, -1.0, np.nan],
            "prediction": prediction,
            "probability": 0.5,
        }
    )


def test_variants_come_first_then_ensembles_then_references():
    found = predictors(
        {"two": {1: table(0.0), 2: table(1.0)}, "one": {1: table(0.2)}}, {"mean": table(0.1)}
    )
    assert [(each.name, each.kind) for each in found] == [
        ("two", "variant"),
        ("one", "variant"),
        ("two (ensemble)", "ensemble"),
        ("mean", "reference"),
    ]
    assert found[2].runs[0]["prediction"].tolist() == [0.5] * 3


def test_each_training_has_its_file():
    files = by_training(["official", "random"], ["x", "y"], [7, 8], list("abcdefgh"))
    assert files["official", "x", 7] == "a"
    assert files["official", "y", 7] == "c"
    assert files["random", "x", 8] == "f"
    with pytest.raises(ValueError, match="longer"):
        by_training(["official"], ["x"], [7], ["a", "b"])


def test_references_of_a_protocol_are_put_together(tmp_path):
    files = {
        "references": [tmp_path / "r1", tmp_path / "r2"],
        "embeddings": [tmp_path / "e1", tmp_path / "e2"],
    }
    for number in (0, 1):
        shared = {"mean": table(10.0 + number), "tfidf-ridge": table(20.0 + number)}
        write_table(files["references"][number], stacked(shared))
        own = stacked({"embedding-ridge": table(30.0 + number)})
        write_table(files["embeddings"][number], own)
    found = read_references(["official", "random"], files)
    assert {
        protocol: {name: each["prediction"].iloc[0] for name, each in tables.items()}
        for protocol, tables in found.items()
    } == {
        "official": {"mean": 10.0, "tfidf-ridge": 20.0, "embedding-ridge": 30.0},
        "random": {"mean": 11.0, "tfidf-ridge": 21.0, "embedding-ridge": 31.0},
    }


def test_every_file_is_read_as_what_it_was_made_for(tmp_path):
    """The values say which protocol (hundreds), variant (tens) and seed (units) a file is of."""

    def write(name, content):
        write_table(tmp_path / name, content)
        return tmp_path / name

    files = {
        "predictions": [
            write(f"{p}{v}{s}", table(100.0 * p + 10 * v + s))
            for p in (1, 2)
            for v in (1, 2, 3)
            for s in (7, 8)
        ],
        "references": [write(f"r{p}", stacked({"mean": table(1000.0 * p)})) for p in (1, 2)],
        "embeddings": [
            write(f"e{p}{e}", stacked({"embedding-ridge": table(1000.0 * p + e)}))
            for p in (1, 2)
            for e in (5, 6)
        ],
    }
    found = read_predictors(
        ["official", "random"], ["x", "y", "z"], [7, 8], ["bert", "mpnet"], files
    )
    by_name = {each.name: each for each in found["random"]}
    assert by_name["y"].runs[8]["prediction"].tolist() == [228.0] * 3
    assert by_name["z (ensemble)"].runs[0]["prediction"].tolist() == [237.5] * 3
    assert by_name["mean"].runs[0]["prediction"].tolist() == [2000.0] * 3
    assert by_name["embedding-ridge (mpnet)"].runs[0]["prediction"].tolist() == [2006.0] * 3
    first = {each.name: each for each in found["official"]}
    assert first["x"].runs[7]["prediction"].tolist() == [117.0] * 3
    assert first["embedding-ridge (bert)"].runs[0]["prediction"].tolist() == [1005.0] * 3

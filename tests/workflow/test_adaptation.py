"""An encoder that is adapted to rated sentences, and a member that reads with it."""

import json
import shutil

import pandas as pd
import pytest

from devaflow.encode.adapted import ADAPTED_FILES, RECORD

RATED = {
    "source": "adapted",
    "id": "minilm",
    "max_tokens": 128,
    "adapt": {"sentences": "rated.csv", "frozen_layers": 5, "batch_size": 4, "epochs": 1},
}
BEST = {"members": [{"encoder": "rated", "context": 0}], "training": {"epochs": 1}}
ADAPTED = {"encoders": {"rated": RATED}, "variants": {"best": BEST}}
TARGET = "results/metrics_best.json"


@pytest.fixture
def run(few_videos_done, copy_of):
    """A run in which everything but `best` and its encoder is done."""
    run = copy_of(few_videos_done)
    rows = [f"a {word} film,{label}" for word, label in (("great", 2), ("dull", -2))] * 6
    (run.folder / "rated.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    run.configure(**ADAPTED)
    return run


def test_it_is_adapted_once_and_named_in_the_metrics(run, minilm):
    planned = run.planned(TARGET)
    assert (planned["adapt_encoder"], planned["finetune"]) == (1, 3), "three protocols"
    assert not {"fetch_rated_sentences", "extract_vision", "encode text"} & planned.keys()
    settings = ADAPTED | {"protocols": ["official"]}  # one is enough to be run
    run.configure(**settings)
    run.snakemake(TARGET)
    folder = run.folder / "results/encoders/rated"
    assert {path.name for path in folder.iterdir()} == {*ADAPTED_FILES, RECORD}
    record = json.loads((folder / RECORD).read_text())
    assert record["steps"] == 3
    assert record["versions"]["torch"].startswith("2.13.0")
    provenance = json.loads((run.folder / TARGET).read_text())["provenance"]
    assert [encoder["name"] for encoder in provenance["encoders"]] == ["minilm", "rated"]
    assert [encoder["adaptation"] for encoder in provenance["encoders"]] == [None, record]
    assert provenance["configuration"]["encoders"]["rated"]["adapt"] == RATED["adapt"]
    assert not run.planned(TARGET), "there is nothing left to do"
    model = "results/models/devanet_best_final.pth"
    run.configure(**settings, model=model)
    run.snakemake("results/scores.csv")
    scores = pd.read_parquet(run.folder / "results/scores.parquet")["score"]
    before = "results/training/best/official/seed-42/predictions.parquet"
    expected = pd.read_parquet(run.folder / before)["prediction"]
    pd.testing.assert_series_equal(scores, expected, check_names=False, atol=1e-4)
    assert not run.planned(TARGET), "a score trains nothing and adapts nothing"
    run.configure(**settings | {"encoders": {"rated": RATED | {"layer": 3}}})
    planned = run.planned(TARGET)
    assert "evaluate" in planned, "the metrics name the layer"
    assert not {"adapt_encoder", "finetune"} & planned.keys(), "members have all layers"
    shutil.copytree(minilm, run.folder / "other")
    other = ADAPTED["encoders"] | {"minilm": {"source": "path", "id": "other"}}
    run.configure(**settings | {"encoders": other})
    planned = run.planned(TARGET)
    assert {"adapt_encoder", "finetune", "encode text"} <= planned.keys(), "it starts from another"
    run.configure(**settings)
    with (run.folder / "rated.csv").open("a") as stream:
        stream.write("a lovely film,2\n")
    again = run.planned(TARGET)
    assert {"adapt_encoder", "locate_encoder", "finetune"} <= again.keys()
    assert not {"train", "encode text", "encode vision"} & again.keys()


def test_of_the_encoder_of_a_member_only_the_transcripts_are_encoded(run):
    """For its reference; the words for face and voice are read with the variant's own encoder."""
    planned = run.planned()
    assert planned["encode text"] == 1
    assert not {"encode audio", "encode vision", "summarise_data"} & planned.keys()


def test_a_wrong_sentence_stops_the_job_and_is_named(run):
    (run.folder / "rated.csv").write_text("text,label\na great film,2\na dull film,-4\n")
    printed = run.snakemake("--", "results/encoders/rated/adaptation.json", check=False)
    assert "row 3: " in printed
    assert "label must be a number in [-3, 3]" in printed
    assert not (run.folder / "results/encoders/rated/model.safetensors").exists()

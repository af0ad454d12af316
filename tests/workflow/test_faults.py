"""A corpus of every fault: each ends in a status, none is lost, none changes another clip."""

import csv
import ctypes
import json
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from devaflow.vision.frames import read_frames

KEY = ["video_id", "clip_id"]
ACTION_UNITS = "results/vision/mediapipe/action_units.parquet"
FUNCTIONALS = "results/audio/opensmile/functionals.parquet"
TRANSCRIPTS = "results/text/context-0.parquet"
VISION_TEXTS = "results/vision/descriptions.parquet"
AUDIO_TEXTS = "results/audio/descriptions/official.parquet"
QUALITY = "results/data_quality.json"
CHECKSUM = "results/corpus/checksum.json"
MEASURED = [ACTION_UNITS, FUNCTIONALS, VISION_TEXTS, AUDIO_TEXTS]

# Fault of a clip -> what it ends as: (vision, audio). docs/data.md says the same in words.
CLIPS = {
    "random_bytes": ("unreadable", "unreadable"),
    "text_named_mp4": ("unreadable", "unreadable"),
    "empty": ("unreadable", "unreadable"),
    "truncated_mp4": ("truncated", "truncated"),
    "truncated_mp4_without_index": ("unreadable", "unreadable"),
    # ffmpeg tells the duration of what is left of an AVI file, not the one in its header.
    "truncated_avi": ("truncated", "ok"),
    "truncated_webm": ("truncated", "truncated"),
    "bit_flipped": ("ok", "ok"),
    "no_audio_track": ("ok", "no_sound"),
    "no_video_track": ("unreadable", "ok"),
    "silence": ("ok", "no_speech"),
    "one_frame": ("ok", "too_short"),
    "20_ms": ("ok", "too_short"),
    "variable_frame_rate": ("ok", "ok"),
    "rotated": ("ok", "ok"),
    "4k": ("ok", "ok"),
    "too_large": ("unreadable", "ok"),
    "two_faces": ("ok", "ok"),
    "face_leaves": ("ok", "ok"),
    "no_face": ("no_face", "ok"),
    "avi_named_mp4": ("ok", "ok"),
    "link": ("ok", "ok"),
    "broken_link": ("missing", "missing"),
    "link_to_a_folder": ("missing", "missing"),
    "folder": ("missing", "missing"),
    "no_file": ("missing", "missing"),
    "no_permission": ("unreadable", "unreadable"),
}
# Fault of a transcript -> the text, its status, what the encoder reads.
TEXTS = {
    "500 characters": ("so good " * 63, "ok", ("so good " * 63).strip()),
    "no transcript": ("", "empty", ""),
    "blanks": (" \t\n ", "empty", ""),
    "NUL": ("one\0two", "ok", "one two"),
    "only NUL": ("\0", "empty", ""),
    "emoji": ("GREAT 😀👍🏽", "ok", "great 😀👍🏽"),
    "two lines": ("one\r\ntwo", "ok", "one two"),
    "shell": ("$(touch pwned) `touch pwned`; touch pwned", "ok", None),
    "wildcards": ("{unit} {wildcards.unit} {0} %s", "ok", None),
}
# Ids that a table, a file system, a shell or Snakemake could take for something else.
IDS = ["1e5", "007", "NaN", "-x", "None", "été 😀", "a b", "..x", "~", "*", "%d", "#", "'\""]
IDS += ["$(touch pwned)", "`touch pwned`", ";touch pwned", "&&touch pwned"]
# Without a clip, for a path with braces is refused (tests/test_planning.py).
IDS_OF_NO_CLIP = ["{unit}", "{wildcards.unit}"]
# The video of all faults, and another one.
VIDEO = "NaN"
OTHER = "$(touch pwned) %s"
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
# Sound clips of the demo corpus, cut to 20 frames.
SOUND = ["1", "2", "3"]
# What is most likely to leave a state behind, for a second run clip by clip.
AGAIN = ["bit_flipped", "truncated_mp4", "two_faces"]


def unprivileged():
    """Let permissions hold for this process, even if it is root's (Linux)."""
    if sys.platform == "linux" and os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def row(video, clip, text="GOOD", mode="test"):
    return {"video_id": video, "clip_id": clip, "text": text, "label": "0.5", "mode": mode}


def sound_rows():
    return [row(VIDEO, name, mode="valid" if name == "3" else "train") for name in SOUND]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, demo, cut_clip, faults):
    """A folder of clips, in a path with blanks and letters beyond ASCII."""
    folder = tmp_path_factory.mktemp("corpus") / "clips é 日本 $(touch pwned)"
    (folder / VIDEO).mkdir(parents=True)
    for name in SOUND:
        cut_clip(demo / f"clips/vG8eOjR2pWh/{name}.mp4", folder / f"{VIDEO}/{name}.mp4")
    sound = folder / VIDEO / "1.mp4"
    maker = faults(sound, demo / "clips/vG8eOjR2pWh/1.mp4", folder / VIDEO)
    for fault in CLIPS:
        maker.make(fault)
    (folder / OTHER).mkdir()
    for video, clip in [(OTHER, "1"), *((VIDEO, name) for name in IDS)]:
        shutil.copy(sound, folder / video / f"{clip}.mp4")
    return folder


def finished(run, corpus, rows, unit, targets):
    run.write_labels(rows)
    run.configure(
        corpus={"clips": str(corpus)},
        protocols=["official"],
        vision={"unit": unit},
        audio={"unit": unit},
    )
    run.printed = run.snakemake(*targets, before=unprivileged)
    return run


@pytest.fixture(scope="module")
def run(new_run, corpus):
    """A run over all faults, a job a video; sound clips stand between the faulty ones."""
    rows = [row(VIDEO, fault) for fault in CLIPS]
    for place, sound in enumerate(sound_rows()):
        rows.insert(8 * place, sound)
    rows += [row(VIDEO, name, text) for name, (text, _, _) in TEXTS.items()]
    rows += [row(VIDEO, name) for name in [*IDS, *IDS_OF_NO_CLIP]] + [row(OTHER, "1")]
    run = new_run("all faults", lambda row: row["clip_id"] == "1")
    run.all_rows = rows
    return finished(run, corpus, rows, "video", [QUALITY, CHECKSUM, *MEASURED])


@pytest.fixture(scope="module")
def clip_by_clip(new_run, corpus):
    """A run over the sound clips and a few faulty ones, a job a clip."""
    run = new_run("few faults", lambda row: row["clip_id"] == "1")
    rows = sound_rows() + [row(VIDEO, fault) for fault in AGAIN]
    return finished(run, corpus, rows, "clip", MEASURED)


def table(run, path):
    return pd.read_parquet(run.folder / path).set_index(KEY)


def frame_lines(run, keys):
    """Every line of the frame tables that belongs to one of the segments, as it was written."""
    folder = run.folder / "results/vision/mediapipe/frames"
    lines = {tuple(key): [] for key in keys}
    for path in sorted(folder.rglob("*.csv")):
        with open(path, encoding="utf-8", newline="") as stream:
            for line in stream:
                video, clip = next(csv.reader([line], skipinitialspace=True))[:2]
                lines.get((video, clip), []).append(line)
    return lines


def test_every_segment_has_one_row_in_each_modality(run):
    keys = [(row["video_id"], row["clip_id"]) for row in run.all_rows]
    for path in (*MEASURED, TRANSCRIPTS):
        assert list(table(run, path).index) == keys, path
    assert json.loads((run.folder / QUALITY).read_text())["segments"] == len(keys)


@pytest.mark.parametrize("fault", CLIPS)
def test_a_faulty_clip_ends_as_a_status_with_a_reason(run, fault):
    for path, expected in zip((ACTION_UNITS, FUNCTIONALS), CLIPS[fault], strict=True):
        found = table(run, path).loc[(VIDEO, fault)]
        assert found["status"] == expected, found["reason"]
        assert bool(found["reason"]) == (expected != "ok")


@pytest.mark.parametrize("fault", TEXTS)
def test_a_faulty_transcript_ends_as_a_status(run, fault):
    text, status, read = TEXTS[fault]
    found = table(run, TRANSCRIPTS).loc[(VIDEO, fault)]
    assert found["status"] == status
    assert found["text"] == (text.lower() if read is None else read)


@pytest.mark.parametrize("key", [(OTHER, "1"), *((VIDEO, name) for name in IDS)])
def test_an_id_is_never_more_than_a_name(run, key):
    original = (VIDEO, "1")
    for path, columns in ((ACTION_UNITS, ["status", "AU12_c"]), (FUNCTIONALS, ["status", "f0_hz"])):
        found = table(run, path)
        assert found.loc[key, columns].tolist() == found.loc[original, columns].tolist()


@pytest.mark.parametrize("name", IDS_OF_NO_CLIP)
def test_a_wildcard_in_an_id_stands_for_nothing_else(run, name):
    for path in (ACTION_UNITS, FUNCTIONALS):
        assert table(run, path).loc[(VIDEO, name), "status"] == "missing"


def test_nothing_in_ids_names_or_transcripts_was_executed(run, corpus):
    for folder in (run.folder, corpus.parent, Path.cwd()):
        assert not list(folder.rglob("pwned"))


def test_the_quality_report_names_every_fault(run):
    listed = json.loads((run.folder / QUALITY).read_text())["not_ok"]
    named = {(entry["clip_id"], entry["modality"]) for entry in listed}
    for fault, statuses in CLIPS.items():
        for modality, status in zip(("vision", "audio"), statuses, strict=True):
            assert ((fault, modality) in named) == (status != "ok")


def test_of_a_clip_shown_in_part_the_part_is_measured(run):
    found = table(run, ACTION_UNITS)
    leaves = found.loc[(VIDEO, "face_leaves")]
    assert 0 < leaves["face_frames"] < leaves["frames"] == 20
    for fault in ("rotated", "two_faces"):
        upright = found.loc[(VIDEO, fault)]
        assert upright["face_frames"] == upright["frames"] == 20


def test_no_fault_and_no_grouping_changes_another_clip(run, clip_by_clip):
    """The same bytes a clip, beside faulty clips in one job and in a job of its own."""
    keys = list(table(clip_by_clip, ACTION_UNITS).index)
    assert len(keys) == len(SOUND) + len(AGAIN)
    lines = frame_lines(clip_by_clip, keys)
    assert frame_lines(run, keys) == lines
    assert all(len(lines[VIDEO, name]) == 20 for name in SOUND)
    for path in MEASURED:
        alone = table(clip_by_clip, path)
        together = table(run, path).loc[keys]
        pd.testing.assert_frame_equal(together, alone, check_exact=True)


def test_the_frame_tables_hold_the_frames_that_the_counts_say(run):
    paths = (run.folder / "results/vision/mediapipe/frames").rglob("*.csv")
    counted = pd.concat([read_frames(path) for path in paths]).groupby(KEY).size()
    expected = table(run, ACTION_UNITS)["frames"].dropna()
    assert counted.to_dict() == expected.astype(int).to_dict()

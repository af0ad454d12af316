import os
import resource
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest

from devaflow.corpus.clips import USABLE, Clip
from devaflow.errors import InputError
from devaflow.vision.activity import activity
from devaflow.vision.describe import UNDESCRIBED, describe
from devaflow.vision.frames import COLUMNS, PROVENANCE, read_frames, write_frames
from devaflow.vision.openface import extract
from devaflow.vision.openface_program import Program


@pytest.fixture
def program(openface) -> Program:
    return Program.locate(str(openface), None, 20)


@pytest.fixture
def video(pattern, tmp_path):
    """A second of video under any name."""
    second = pattern("second.mp4", 1, "-movflags", "+faststart")

    def copy(name: str) -> Path:
        path = tmp_path / "clips" / name
        path.parent.mkdir(exist_ok=True)
        return Path(shutil.copy(second, path))

    return copy


def measure(program, path, **limits):
    frames, table = extract([Clip("v", "0", path)], program, **limits)
    return frames, table.iloc[0]


def test_a_whole_clip_is_ok(program, video):
    frames, row = measure(program, video("a.mp4"))
    assert (row["status"], row["reason"], row["backend"]) == ("ok", "", "openface")
    assert row[["frames", "face_frames", "width", "height"]].tolist() == [25, 25, 160, 120]
    assert (row["fps"], row["duration_s"]) == (25, 1)
    assert list(frames.columns) == [*PROVENANCE, *COLUMNS]
    assert frames["frame"].tolist() == list(range(1, 26))


@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.mpg", "a.webm"])
def test_every_container_is_measured(program, pattern, name):
    assert measure(program, pattern(name, 1))[1][["status", "frames"]].tolist() == ["ok", 25]


def test_a_clip_cut_without_recoding_is_whole(program, pattern, ffmpeg):
    whole = pattern("whole.mp4", 4)
    cut = ffmpeg("cut.mp4", "-ss", "1.5", "-i", str(whole), "-t", "2", "-c", "copy")
    assert measure(program, cut)[1]["status"] == "ok"


def test_files_without_frames_are_unreadable(clips, program, video, ffmpeg, tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "garbage_01.mp4").write_bytes(b"not a video " * 1000)
    moovless = ffmpeg("tail.mp4", "-i", str(video("a.mp4")), "-c", "copy")
    moovless.write_bytes(moovless.read_bytes()[: moovless.stat().st_size // 2])
    sound = ffmpeg("sound.mp4", "-f", "lavfi", "-i", "sine=duration=0.5")
    bad = [tmp_path / "gone.mp4", tmp_path / "empty.mp4", tmp_path / "garbage_01.mp4"]
    frames, table = extract(clips(*bad, moovless, sound, None), program)
    assert table["status"].tolist() == ["unreadable"] * 5 + ["missing"]
    assert (table["reason"] != "").all()
    assert len(frames) == 0


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("refused.mp4", "unreadable", "OpenFace cannot open the video"),
        ("terminated.mp4", "failed", "OpenFace was ended by the signal SIGTERM"),
        ("crash.mp4", "failed", "OpenFace was ended by the signal SIGSEGV"),
        ("nopost.mp4", "failed", "before it had post-processed"),
        ("notable.mp4", "failed", "OpenFace wrote no table"),
        ("badcell.mp4", "failed", "table is damaged"),
        ("two-more.mp4", "failed", "27 rows for 25 frames"),
    ],
)
def test_output_that_fails_a_condition_does_not_count(program, video, name, status, reason):
    frames, row = measure(program, video(name))
    assert row["status"] == status
    assert reason in row["reason"]
    assert len(frames) == 0
    assert pd.isna(row["frames"])


def test_a_clip_that_takes_too_long_is_stopped(openface, video):
    began = time.monotonic()
    _, row = measure(Program.locate(str(openface), None, 1.5), video("hang.mp4"))
    assert time.monotonic() - began < 10
    assert row["status"] == "timeout"
    assert "vision.openface.timeout_s" in row["reason"]


def test_what_a_stopped_program_had_started_is_stopped_too(tmp_path, video, is_alive):
    script = tmp_path / "FeatureExtraction"
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    script.chmod(0o755)
    measure(Program.locate(str(script), None, 1), video("a.mp4"))
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


def test_a_program_that_was_killed_is_tried_once_more(program, video):
    frames, row = measure(program, video("once.mp4"))
    assert row["status"] == "ok"
    pd.testing.assert_frame_equal(frames, measure(program, video("a.mp4"))[0])


def test_the_usable_part_of_half_a_file_is_kept(program, video):
    path = video("a.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    frames, row = measure(program, path)
    assert row["status"] == "truncated"
    assert 0 < len(frames) == row["frames"] < 25
    assert row["reason"].endswith("of 25 declared frames")


def test_fewer_rows_than_frames_are_a_truncated_clip(program, video):
    frames, row = measure(program, video("two-fewer.mp4"))
    assert (row["status"], row["reason"]) == ("truncated", "OpenFace read 23 of 25 frames")
    assert len(frames) == 23


@pytest.mark.parametrize(("name", "rows"), [("one-fewer.mp4", 24), ("one-more.mp4", 26)])
def test_a_row_more_or_less_than_frames_is_a_whole_clip(program, video, name, rows):
    assert measure(program, video(name))[1][["status", "frames"]].tolist() == ["ok", rows]


def test_a_longer_clip_is_cut_at_the_limit(program, video):
    frames, row = measure(program, video("a.mp4"), max_seconds=0.4)
    assert row["status"] == "truncated"
    assert "time limit" in row["reason"]
    assert len(frames) == 10


def test_frames_beyond_the_limit_are_refused(program, video):
    _, row = measure(program, video("a.mp4"), max_pixels=100 * 100)
    assert row["status"] == "unreadable"
    assert "160 x 120 pixels exceed vision.limits.max_pixels" in row["reason"]


def test_rows_without_success_show_no_face_whatever_their_units_say(clips, program, video):
    frames, table = extract(clips(video("faceless.mp4")), program)
    assert table.loc[0, "status"] == "no_face"
    assert table.loc[0, ["frames", "face_frames"]].tolist() == [25, 0]
    assert (frames["AU01_c"] == 1).any()
    assert activity(frames, table).loc[0, "AU01_c"] == 0


@pytest.mark.parametrize(
    "name", ["-f.mp4", "a b.mp4", "été 😀.mp4", "x'\";$(touch y).mp4", "%d.mp4"]
)
def test_a_name_is_never_more_than_a_name(program, video, name, monkeypatch):
    path = video(name)
    monkeypatch.chdir(path.parent)
    assert measure(program, Path(name))[1]["status"] == "ok"
    assert os.listdir(path.parent) == [name]


def test_a_name_cannot_pretend_that_the_table_is_finished(program, video):
    path = video("Postprocessing the Action Unit predictions nopost.mp4")
    assert measure(program, path)[1]["status"] == "failed"


def test_clips_are_measured_the_same_alone_and_together(clips, program, video, pattern):
    long = pattern("long.mp4", 2, "-vf", "negate")
    unit = clips(video("a.mp4"), video("crash.mp4"), video("faceless.mp4"), long, None)
    together = extract(unit, program)
    alone = [extract([clip], program) for clip in unit]
    for number in (0, 1):
        expected = pd.concat([tables[number] for tables in alone if len(tables[number])])
        pd.testing.assert_frame_equal(together[number], expected.reset_index(drop=True))


def test_tables_survive_the_file(program, video, tmp_path):
    frames, _ = extract([Clip("007", "1e5", video("a.mp4"))], program)
    write_frames(tmp_path / "frames.csv", frames)
    pd.testing.assert_frame_equal(read_frames(tmp_path / "frames.csv"), frames)


def test_a_full_disk_is_not_taken_for_a_fault_of_the_clip(program, video):
    path = video("crash.mp4")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024**2, hard))
    try:
        with pytest.raises(InputError, match=r"cannot be written.*TMPDIR"):
            measure(program, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_openface_says_is_in_the_log(program, video, capfd):
    measure(program, video("a.mp4"))
    assert "Closed successfully" in capfd.readouterr().err


def test_a_clip_that_was_not_measured_is_masked_and_described_as_such(clips, program, video):
    frames, table = extract(clips(video("crash.mp4")), program)
    described = describe(activity(frames, table), {"AU12_c": "pull lip corner"})
    assert described.loc[0, "status"] not in USABLE
    assert described.loc[0, "text"] == UNDESCRIBED["failed"] == UNDESCRIBED["timeout"]

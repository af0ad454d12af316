import pandas as pd
import pytest

from devaflow.corpus.clips import Clip
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.vision.activity import activity
from devaflow.vision.frames import COLUMNS, PROVENANCE, read_frames, write_frames
from devaflow.vision.landmarker import extract


def statuses(table: pd.DataFrame) -> list[str]:
    return table["status"].tolist()


def test_every_bad_clip_is_a_row(model, clips, pattern, ffmpeg, tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "garbage.mp4").write_bytes(b"not a video " * 1000)
    sound = ffmpeg("sound.mp4", "-f", "lavfi", "-i", "sine=duration=0.5")
    bad = [None, tmp_path / "gone.mp4", tmp_path / "empty.mp4", tmp_path / "garbage.mp4", sound]
    frames, table = extract(clips(*bad, pattern("faceless.mp4", 0.2)), model)
    assert statuses(table) == ["missing", *["unreadable"] * 4, "no_face"]
    assert (table["reason"] != "").all()
    assert len(frames) == 5, "a faceless clip has its rows, all without success"
    assert (frames["success"] == 0).all()
    assert table["frames"].isna().tolist() == [True] * 5 + [False]


def test_a_face_is_measured_and_its_smile_found(model, portrait, tmp_path):
    frames, table = extract([Clip("007", "1e5", portrait)], model)
    assert statuses(table) == ["ok"]
    assert list(frames.columns) == [*PROVENANCE, *COLUMNS]
    assert table.loc[0, ["frames", "face_frames", "width", "height"]].tolist() == [25, 25, 480, 480]
    assert table.loc[0, "duration_s"] == 1.0
    assert frames["timestamp"].tolist()[:3] == [0.0, 0.04, 0.08]
    counts = activity(frames, table).iloc[0]
    assert counts["AU12_c"] == counts["AU06_c"] == 25
    assert counts["AU15_c"] == counts["AU45_c"] == 0
    write_frames(tmp_path / "frames.csv", frames)
    pd.testing.assert_frame_equal(read_frames(tmp_path / "frames.csv"), frames)


def test_the_usable_part_of_a_broken_video_is_kept(model, clips, portrait):
    portrait.write_bytes(portrait.read_bytes()[: portrait.stat().st_size * 7 // 10])
    frames, table = extract(clips(portrait), model)
    assert statuses(table) == ["truncated"]
    assert 0 < len(frames) < 25
    assert "of 25 declared frames" in table.loc[0, "reason"]


def test_damage_in_the_middle_does_not_stop_the_unit(model, clips, portrait):
    content = bytearray(portrait.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    portrait.write_bytes(content)
    _, table = extract(clips(portrait, None), model)
    assert table.loc[0, "status"] in ("ok", "truncated")
    assert table.loc[0, "face_frames"] > 0
    assert table.loc[1, "status"] == "missing"


def test_one_frame_is_a_clip(model, clips, portrait, ffmpeg):
    one = ffmpeg("one.mp4", "-i", str(portrait), "-frames:v", "1")
    frames, table = extract(clips(one), model)
    assert statuses(table) == ["ok"]
    assert len(frames) == 1


def test_frames_that_follow_within_a_millisecond_are_measured(model, clips, pattern):
    _, table = extract(clips(pattern("fast.mp4", 0.04, "-r", "2000")), model)
    assert (statuses(table), table.loc[0, "frames"]) == (["no_face"], 80)


def test_a_clip_gives_the_same_alone_and_in_a_unit(model, portrait, pattern, ffmpeg):
    flipped = ffmpeg("flipped.mp4", "-i", str(portrait), "-vf", "hflip", "-frames:v", "10")
    unit = [
        Clip("v", "a", portrait),
        Clip("v", "b", pattern("x.mp4", 0.2)),
        Clip("w", "c", flipped),
    ]
    together, _ = extract(unit, model)
    alone, _ = extract(unit[2:], model)
    last = together[together["clip_id"] == "c"].reset_index(drop=True)
    pd.testing.assert_frame_equal(last, alone, check_exact=True)


def test_a_landmarker_that_does_not_start_is_no_fault_of_a_clip(
    model, clips, portrait, tmp_path, monkeypatch
):
    (tmp_path / "no.task").write_bytes(b"no model")
    monkeypatch.setattr("devaflow.vision.landmarker.SHA256", sha256(tmp_path / "no.task"))
    with pytest.raises(InputError, match=r"no\.task: MediaPipe cannot start"):
        extract(clips(portrait), tmp_path / "no.task")


def test_no_model_is_the_users_to_mend(tmp_path):
    with pytest.raises(InputError, match="no face landmarker model"):
        extract([], tmp_path / "none.task")


def test_another_model_than_the_tested_one_is_refused(tmp_path):
    (tmp_path / "face_landmarker.task").write_bytes(b"another")
    with pytest.raises(InputError, match="not the face landmarker that this version"):
        extract([], tmp_path / "face_landmarker.task")


def test_a_unit_without_clips_gives_empty_tables(model):
    frames, table = extract([], model)
    assert list(frames.columns) == [*PROVENANCE, *COLUMNS]
    assert len(frames) == len(table) == 0


def test_real_faces_are_found(model, clips, grid):
    _, table = extract(clips(*grid), model)
    assert statuses(table) == ["ok"] * len(grid), "their containers declare no frame count"
    assert (table["frames"] == 75).all()
    assert (table["face_frames"] >= 0.9 * table["frames"]).all()

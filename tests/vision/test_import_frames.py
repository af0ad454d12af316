import numpy as np
import pandas as pd
import pytest

from devaflow.corpus.excerpts import Excerpt
from devaflow.vision.activity import activity
from devaflow.vision.frames import COLUMNS, PRESENCES, PROVENANCE, write_frames
from devaflow.vision.import_frames import read_excerpts

# Where the default output (no -aus) puts its 674 other columns.
GAZE = [f"gaze_{i}" for i in range(8)]
LANDMARKS = [f"x_{i}" for i in range(666)]
DEFAULT = [*COLUMNS[:5], *GAZE, *LANDMARKS, *COLUMNS[5:]]
assert len(DEFAULT) == 714


def frame_table(count=10, rate=10.0, **active):
    table = pd.DataFrame(0.0, index=range(count), columns=COLUMNS)
    table["frame"] = np.arange(1, count + 1)
    table["timestamp"] = np.arange(count) / rate
    table[["confidence", "success"]] = [0.98, 1]
    for unit, frames in active.items():
        table.loc[frames, f"{unit}_c"] = 1.0
    return table.astype({"frame": int, "face_id": int, "success": int})


def write(path, table, columns=COLUMNS, separator=", "):
    """Print a table as OpenFace does; older and newer builds differ in the blank."""
    whole = table.reindex(columns=columns, fill_value=0.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(whole.to_csv(index=False).replace(",", separator))
    return path


@pytest.mark.parametrize("separator", [", ", ","])
@pytest.mark.parametrize("columns", [COLUMNS, DEFAULT], ids=["-aus", "default"])
def test_both_outputs_of_openface_are_read(tmp_path, columns, separator):
    path = write(tmp_path / "1.csv", frame_table(AU12=[2, 3, 4]), columns, separator)
    frames, clips = read_excerpts([Excerpt("a", "1", path)])
    assert list(frames.columns) == [*PROVENANCE, *COLUMNS]
    assert frames["AU12_c"].tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]
    assert clips[["status", "frames", "face_frames", "backend"]].values.tolist() == [
        ["ok", 10, 10, "precomputed"]
    ]


def test_a_table_of_a_video_is_cut_at_the_times(tmp_path):
    path = write(tmp_path / "a.csv", frame_table(AU12=[3, 4, 5, 6, 7]))
    frames, clips = read_excerpts(
        [Excerpt("a", "1", path, 0.0, 0.5), Excerpt("a", "2", path, 0.5, 1.0)]
    )
    assert clips["frames"].tolist() == [5, 5]
    assert activity(frames, clips, min_run=3)["AU12_c"].tolist() == [0, 3]


def test_a_table_that_names_the_segments_is_divided_by_them(tmp_path):
    table = frame_table(6, AU04=[0, 1, 2, 3])
    table.insert(0, "backend", "openface")
    table.insert(0, "clip_id", ["007"] * 4 + ["7"] * 2)
    table.insert(0, "video_id", "a")
    write_frames(tmp_path / "a.csv", table)
    frames, clips = read_excerpts(
        [Excerpt("a", clip, tmp_path / "a.csv") for clip in ("7", "007", "8")]
    )
    assert clips["frames"].tolist()[:2] == [2, 4]
    assert clips["status"].tolist() == ["ok", "ok", "missing"]
    assert clips.loc[2, "reason"] == "a.csv holds no frame of this segment"
    assert set(frames["backend"]) == {"precomputed"}


def test_a_face_that_was_never_found_is_no_face(tmp_path):
    path = write(tmp_path / "1.csv", frame_table(5).assign(success=0))
    _, clips = read_excerpts([Excerpt("a", "1", path)])
    assert clips.loc[0, ["status", "face_frames"]].tolist() == ["no_face", 0]


def test_of_several_faces_the_one_seen_most_often_is_kept(tmp_path):
    other = frame_table(10, AU01=list(range(10))).assign(success=[1, 0] * 5)
    most = frame_table(10, AU12=[1, 2, 3]).assign(face_id=1)
    both = pd.concat([other, most]).sort_values("frame", kind="stable")
    frames, clips = read_excerpts([Excerpt("a", "1", write(tmp_path / "1.csv", both))])
    assert clips.loc[0, "frames"] == 10
    assert frames[["AU01_c", "AU12_c"]].sum().tolist() == [0, 3]


def test_a_face_that_is_seen_now_and_then_has_no_runs(tmp_path):
    """FaceLandmarkVidMulti writes a row for each face that it sees, and none for others."""
    seldom = frame_table(12, AU12=list(range(12))).iloc[::3]
    other = frame_table(12, AU01=list(range(12))).assign(face_id=1).iloc[[1, 2, 4]]
    both = pd.concat([seldom, other]).sort_values("frame", kind="stable")
    frames, clips = read_excerpts([Excerpt("a", "1", write(tmp_path / "1.csv", both))])
    assert clips.loc[0, ["frames", "face_frames"]].tolist() == [7, 4]
    assert frames.loc[frames["success"] == 0, "AU01_c"].tolist() == [0, 0, 0]
    counts = activity(frames, clips, min_run=2)
    assert counts[["AU12_c", "AU01_c"]].values.tolist() == [[0, 0]]


DAMAGE = {
    "cut": (lambda text: text[:-40], "bad.csv: not an OpenFace table (line 11 has 33"),
    "empty": (lambda text: b"", "bad.csv: not an OpenFace table"),
    "no text": (lambda text: bytes(range(256)), "bad.csv: not an OpenFace table"),
    "words": (lambda text: text.replace(b"0.98", b"high", 1), "bad.csv, data row 1: confidence"),
}


@pytest.mark.parametrize("fault", DAMAGE)
def test_a_damaged_table_is_unreadable_and_harms_no_other(tmp_path, fault):
    good = write(tmp_path / "good.csv", frame_table(AU12=[2, 3, 4]))
    bad = tmp_path / "bad.csv"
    damage, reason = DAMAGE[fault]
    bad.write_bytes(damage(good.read_bytes()))
    frames, clips = read_excerpts([Excerpt("a", "1", bad), Excerpt("a", "2", good)])
    assert clips["status"].tolist() == ["unreadable", "ok"]
    assert clips.loc[0, "reason"].startswith(reason)
    assert str(tmp_path) not in clips.loc[0, "reason"]
    assert frames["clip_id"].unique().tolist() == ["2"]


def test_a_table_without_action_units_says_how_to_get_them(tmp_path):
    path = write(tmp_path / "1.csv", frame_table(), [*COLUMNS[:5], *GAZE])
    _, clips = read_excerpts([Excerpt("a", "1", path)])
    assert clips.loc[0, "status"] == "unreadable"
    assert clips.loc[0, "reason"] == (
        "1.csv: not an OpenFace table, it lacks AU01_r, AU02_r, AU04_r, AU05_r, AU06_r; "
        "run OpenFace with -aus"
    )


def test_a_segment_without_a_table_is_missing(tmp_path):
    frames, clips = read_excerpts([Excerpt("a", "1", None)])
    assert clips.loc[0, "status"] == "missing"
    counts = activity(frames, clips)
    assert counts[PRESENCES].sum().sum() == 0

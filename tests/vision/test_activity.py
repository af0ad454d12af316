import numpy as np
import pandas as pd
import pytest

from devaflow.vision.activity import activity, longest_run
from devaflow.vision.frames import COLUMNS


def extraction(flags: str, success: str = "", confidence: float = 1.0):
    """The tables of one clip; flags and success hold one digit a frame, flags are AU12's."""
    frames = pd.DataFrame(0.0, index=range(len(flags)), columns=COLUMNS)
    frames["frame"] = range(1, len(flags) + 1)
    frames["AU12_c"] = [float(digit) for digit in flags]
    frames["success"] = [int(digit) for digit in success or "1" * len(flags)]
    frames["confidence"] = confidence
    frames.insert(0, "video_id", "v")
    frames.insert(1, "clip_id", "1")
    return frames, statuses(("v", "1", "ok"))


def statuses(*rows: tuple[str, str, str]) -> pd.DataFrame:
    clips = pd.DataFrame(rows, columns=["video_id", "clip_id", "status"])
    clips = clips.assign(reason="", backend="test", frames=9, face_frames=9)
    return clips.astype({"frames": "Int64", "face_frames": "Int64"})


@pytest.mark.parametrize(
    ("flags", "success", "count"),
    [
        ("0000000", "", 0),
        ("0111000", "", 3),
        ("0110110", "", 0),
        ("1110101", "", 5),  # once a run is long enough, every active frame counts
        ("1111111", "1101111", 6),  # a frame without a face is not counted
        ("0111110", "1110111", 0),  # ... and ends the run: 2 and 2 are left
        ("11", "", 0),
    ],
)
def test_active_frames_count_from_a_run_of_three(flags, success, count):
    assert activity(*extraction(flags, success)).loc[0, "AU12_c"] == count


def test_the_length_of_a_run_is_a_setting():
    assert activity(*extraction("0110110"), min_run=2).loc[0, "AU12_c"] == 4
    assert activity(*extraction("0100000"), min_run=1).loc[0, "AU12_c"] == 1


def test_runs_follow_the_frame_number_not_the_row():
    frames, clips = extraction("111000")
    assert activity(frames.iloc[[0, 3, 1, 4, 2, 5]], clips).loc[0, "AU12_c"] == 3


def test_a_frame_that_the_table_lacks_ends_a_run():
    frames, clips = extraction("1111")
    assert activity(frames.drop(index=1), clips).loc[0, "AU12_c"] == 0


def test_a_run_does_not_reach_into_the_next_clip():
    first, _ = extraction("0011")
    second = first.assign(clip_id="2", AU12_c=[1.0, 1.0, 0.0, 0.0])
    clips = statuses(("v", "1", "ok"), ("v", "2", "ok"))
    assert activity(pd.concat([first, second]), clips)["AU12_c"].tolist() == [0, 0]


def test_faces_below_the_confidence_are_not_seen():
    table = activity(*extraction("1111", confidence=0.5), min_confidence=0.8)
    assert table.loc[0, "status"] == "no_face"
    assert "0.8" in table.loc[0, "reason"]
    assert table.loc[0, ["AU12_c", "face_frames"]].tolist() == [0, 0]
    assert activity(*extraction("1111", confidence=0.8), min_confidence=0.8)["AU12_c"].item() == 4


def test_every_clip_has_a_row_in_order_and_keeps_its_status():
    frames, _ = extraction("1111")
    clips = statuses(("w", "1", "missing"), ("v", "1", "truncated"), ("v", "01", "unreadable"))
    table = activity(frames, clips)
    assert table["status"].tolist() == ["missing", "truncated", "unreadable"]
    assert table["AU12_c"].tolist() == [0, 4, 0]
    assert table.columns[:8].tolist()[-3:] == ["frames", "face_frames", "AU01_c"]


def test_the_longest_run_of_true_is_counted():
    assert longest_run(np.array([], dtype=bool)) == 0
    assert longest_run(np.array([1, 1, 0, 1, 1, 1], dtype=bool)) == 3

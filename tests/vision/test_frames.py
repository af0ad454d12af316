import numpy as np
import pandas as pd
import pytest

from devaflow.errors import InputError
from devaflow.vision.frames import (
    COLUMNS,
    INTENSITIES,
    PRESENCES,
    PROVENANCE,
    empty_frames,
    read_frames,
    write_frames,
)

AWKWARD = ["007", "NaN", "1e5", "", "a, b", 'say "hi"', " lead", "_x-1", "None", "é"]


def frame_table(ids: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frames = pd.DataFrame({"video_id": ids, "clip_id": ids[::-1], "backend": "test"}, dtype="str")
    frames["frame"] = np.arange(1, len(ids) + 1)
    frames["face_id"] = 0
    frames["timestamp"] = np.round(np.arange(len(ids)) / 29.97, 3)
    frames["confidence"] = 0.98
    frames["success"] = 1
    frames[INTENSITIES] = np.round(rng.uniform(0, 5, (len(ids), 17)), 2)
    frames[PRESENCES] = rng.integers(0, 2, (len(ids), 18)).astype("float64")
    return frames


def test_the_columns_are_openfaces_forty():
    assert len(COLUMNS) == 40
    assert COLUMNS[:6] == ["frame", "face_id", "timestamp", "confidence", "success", "AU01_r"]
    assert len(INTENSITIES) == 17
    assert set(PRESENCES) - {c.replace("_r", "_c") for c in INTENSITIES} == {"AU28_c"}
    assert sorted(PRESENCES) == PRESENCES


def test_what_is_written_is_read_back_and_ids_stay_strings(tmp_path):
    frames = frame_table(AWKWARD)
    write_frames(tmp_path / "frames.csv", frames)
    pd.testing.assert_frame_equal(read_frames(tmp_path / "frames.csv"), frames)


def test_the_file_looks_like_openfaces(tmp_path):
    write_frames(tmp_path / "frames.csv", frame_table(["v"]))
    header, row = (tmp_path / "frames.csv").read_text().splitlines()
    assert header.startswith("video_id, clip_id, backend, frame, face_id, timestamp, ")
    assert row.startswith("v, v, test, 1, 0, 0.000, 0.98, 1, ")


def test_openfaces_own_file_has_no_ids(tmp_path):
    row = ["1", "0", "0.000", "0.98", "1", *["0.50"] * 17, *["1.00"] * 18]
    (tmp_path / "own.csv").write_text(", ".join(COLUMNS) + "\n" + ", ".join(row) + "\n")
    frames = read_frames(tmp_path / "own.csv")
    assert list(frames.columns) == COLUMNS
    assert frames.loc[0, "AU45_c"] == 1


def test_a_table_without_frames_survives(tmp_path):
    write_frames(tmp_path / "none.csv", empty_frames())
    assert list(read_frames(tmp_path / "none.csv").columns) == [*PROVENANCE, *COLUMNS]


def test_a_damaged_file_is_named_with_the_row(tmp_path):
    write_frames(tmp_path / "frames.csv", frame_table(["a", "b"]))
    whole = (tmp_path / "frames.csv").read_text()
    (tmp_path / "cut.csv").write_text(whole[:-30])
    with pytest.raises(InputError, match=r"cut\.csv: .*line 3 has 39 fields, the header has 43"):
        read_frames(tmp_path / "cut.csv")
    (tmp_path / "word.csv").write_text(whole.replace("0.98", "high", 1))
    with pytest.raises(InputError, match=r"word\.csv, data row 1: confidence is 'high'"):
        read_frames(tmp_path / "word.csv")
    (tmp_path / "other.csv").write_text("frame, face_id\n1, 0\n")
    with pytest.raises(InputError, match=r"lacks timestamp.*-aus"):
        read_frames(tmp_path / "other.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match=r"empty\.csv"):
        read_frames(tmp_path / "empty.csv")


def test_a_line_of_blanks_is_no_row(tmp_path):
    write_frames(tmp_path / "frames.csv", frame_table(["a"]))
    with (tmp_path / "frames.csv").open("a") as stream:
        stream.write("  \n\n")
    assert len(read_frames(tmp_path / "frames.csv")) == 1


OWN = ["1", "0", "0.000", "0.98", "1", *["0.50"] * 17, *["1.00"] * 18]


@pytest.mark.parametrize(
    ("header", "row", "problem"),
    [
        (COLUMNS, ["0", *OWN], "line 2 has 41 fields, the header has 40"),
        (COLUMNS, [*OWN, ""], "line 2 has 41 fields"),
        (COLUMNS, OWN[:-1], "line 2 has 39 fields"),
        (COLUMNS, [cell.replace(".", ",") for cell in OWN], "line 2 has 77 fields"),
        ([*COLUMNS, "frame "], [*OWN, "1"], "the column 'frame' stands twice"),
    ],
)
def test_a_table_whose_cells_would_move_is_refused(tmp_path, header, row, problem):
    (tmp_path / "own.csv").write_text(",".join(header) + "\n" + ",".join(row) + "\n")
    with pytest.raises(InputError, match=rf"own\.csv: not an OpenFace table \({problem}"):
        read_frames(tmp_path / "own.csv")

import pandas as pd
import pytest

from devaflow.errors import InputError
from devaflow.vision.frames import PRESENCES
from devaflow.vision.import_action_units import read_activity


def counts(path, *rows, **changes):
    table = pd.DataFrame(rows, columns=["video_id", "clip_id"])
    table = table.assign(**dict.fromkeys(PRESENCES, 0)).assign(**changes)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["aus.csv", "aus.parquet"])
def test_counts_are_taken_for_the_segments_asked_in_their_order(tmp_path, name):
    path = counts(tmp_path / name, ("a", "007"), ("a", "7"), ("NaN", "1"), AU12_c=[1, 2, 3])
    table = read_activity(path, [("NaN", "1"), ("a", "007"), ("b", "1")])
    assert table["AU12_c"].tolist() == [3, 1, 0]
    assert table["status"].tolist() == ["ok", "ok", "missing"]
    assert table.loc[2, "reason"] == f"no row in {name}"
    assert table["face_frames"].isna().all()
    assert set(table["backend"]) == {"precomputed"}


def test_a_row_of_zeros_is_a_face_without_expression(tmp_path):
    table = read_activity(counts(tmp_path / "aus.csv", ("a", "1")), [("a", "1")])
    assert table.loc[0, "status"] == "ok"


@pytest.mark.parametrize("name", ["aus.csv", "aus.parquet"])
def test_a_status_in_the_table_is_kept_with_its_reason(tmp_path, name):
    said = {"status": ["no_face", "truncated", "NA"], "reason": ["no face in 49 frames", "cut", ""]}
    path = counts(tmp_path / name, ("a", "1"), ("a", "2"), ("a", "3"), **said, AU12_c=[None, 2, 3])
    table = read_activity(path, [("a", "3"), ("a", "2"), ("a", "1"), ("b", "1")])
    assert table["status"].tolist() == ["ok", "truncated", "no_face", "missing"]
    assert table["reason"].tolist()[:3] == ["", "cut", "no face in 49 frames"]


def test_an_unknown_status_is_named(tmp_path):
    path = counts(tmp_path / "aus.csv", ("a", "1"), ("a", "2"), status=["", "no_sound"])
    with pytest.raises(
        InputError, match=r"row 3 \(a, 2\): status is 'no_sound'; write one of ok, truncated, no_f"
    ):
        read_activity(path, [("a", "1")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AU04_c": -1}, r"aus\.csv, row 2 \(a, 1\): AU04_c is '-1'"),
        ({"AU04_c": "many"}, "AU04_c is 'many'"),
        ({"AU04_c": ""}, "AU04_c is ''"),
        ({"AU04_c": "", "status": "truncated"}, "AU04_c is ''"),
        ({"AU04_c": "inf"}, "AU04_c is 'inf'"),
        ({"AU04_c": 0.5}, "AU04_c is 0.5.*number of frames"),
        ({"AU04_c": 1e300}, r"segment \('a', '1'\): AU04_c is 1e\+300.*at most 1000000000"),
    ],
)
def test_an_impossible_count_is_named(tmp_path, change, message):
    path = counts(tmp_path / "aus.csv", ("a", "1"), **change)
    with pytest.raises(InputError, match=message):
        read_activity(path, [("a", "1")])


def test_a_segment_that_stands_twice_is_named(tmp_path):
    path = counts(tmp_path / "aus.csv", ("a", "1"), ("b", "1"), ("a", "1"))
    with pytest.raises(InputError, match=r"row 4: the segment \('a', '1'\) stands twice"):
        read_activity(path, [("a", "1")])


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / "aus.csv").write_text("video_id,clip_id,AU01_c\na,1,2\n")
    with pytest.raises(InputError, match="no column AU02_c; add it"):
        read_activity(tmp_path / "aus.csv", [("a", "1")])

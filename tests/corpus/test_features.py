import pandas as pd
import pytest

from devaflow.corpus.features import read_features
from devaflow.errors import InputError


def test_ids_stored_as_real_numbers_are_refused(tmp_path):
    pd.DataFrame({"video_id": ["a"], "clip_id": [1.0], "x": [2]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"clip_id.*floating.*store ids as text"):
        read_features(tmp_path / "t.parquet", [("a", "1")], {"x": ["x"]})


def test_ids_stored_as_whole_numbers_are_their_digits(tmp_path):
    pd.DataFrame({"video_id": ["a"], "clip_id": [7], "x": [2]}).to_parquet(tmp_path / "t.parquet")
    features = read_features(tmp_path / "t.parquet", [("a", "7")], {"x": ["x"]})
    assert features.loc[0, ["status", "x"]].tolist() == ["ok", 2.0]


@pytest.mark.parametrize("clips", [[None, "7"], ["", "7"], pd.array([None, 7], "Int64")])
def test_a_row_without_ids_is_blank_and_one_with_half_of_them_is_named(tmp_path, clips):
    path = tmp_path / "t.parquet"
    table = pd.DataFrame({"video_id": [None, "a"], "clip_id": clips, "x": [1, 2]})
    table.to_parquet(path)
    assert read_features(path, [("a", "7")], {"x": ["x"]})["x"].tolist() == [2.0]
    table.assign(video_id=["a", "a"]).to_parquet(path)
    with pytest.raises(InputError, match=r"t\.parquet, row 1: only one of video_id and clip_id"):
        read_features(path, [("a", "7")], {"x": ["x"]})


def test_rows_of_other_segments_are_counted_and_left(tmp_path, caplog):
    (tmp_path / "t.csv").write_text("video_id,clip_id,x\na,1,2\nb,1,3\nNaN,007,4\n")
    with caplog.at_level("INFO"):
        features = read_features(tmp_path / "t.csv", [("NaN", "007")], {"x": ["x"]})
    assert features["x"].tolist() == [4.0]
    assert "2 rows are of no segment of the corpus" in caplog.text


def test_a_corpus_without_segments_needs_no_rows(tmp_path):
    (tmp_path / "t.csv").write_text("video_id,clip_id,x\n")
    assert len(read_features(tmp_path / "t.csv", [], {"x": ["x"]})) == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", r"t\.csv: no row is of a segment of the corpus; it has no rows"),
        ("a,0001,2\n", r"its first row is of \('a', '0001'\), the corpus begins with \('a', '1'\)"),
        ("a,1,2,\n", "row 2 has 4 fields, the header has 3"),
    ],
)
def test_a_table_that_fits_no_segment_is_refused(tmp_path, rows, message):
    (tmp_path / "t.csv").write_text("video_id,clip_id,x\n" + rows)
    with pytest.raises(InputError, match=message):
        read_features(tmp_path / "t.csv", [("a", "1")], {"x": ["x"]}, blanks=True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_what_a_german_spreadsheet_saves_is_read_like_label_csv(tmp_path, encoding):
    table = "video_id;clip_id;x;\r\nGrüße;007;1,5;\r\nb;1 ; 2;\r\n;;;\r\n"
    (tmp_path / "t.csv").write_bytes(table.encode(encoding))
    features = read_features(tmp_path / "t.csv", [("b", "1"), ("Grüße", "007")], {"x": ["x"]})
    assert features["x"].tolist() == [2.0, 1.5]


def test_a_thousand_is_not_taken_for_one(tmp_path):
    (tmp_path / "t.csv").write_text('video_id,clip_id,x\n\na,1,"1,000"\n')
    with pytest.raises(InputError, match=r"row 3 \(a, 1\): x is '1,000'; it must be a number"):
        read_features(tmp_path / "t.csv", [("a", "1")], {"x": ["x"]})


def test_the_index_that_pandas_writes_is_left_out(tmp_path):
    pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], "x": [2]}).to_csv(tmp_path / "t.csv")
    assert read_features(tmp_path / "t.csv", [("a", "1")], {"x": ["x"]})["x"].tolist() == [2.0]


@pytest.mark.parametrize("word", ["", "nan", "NA", "#N/A", "#NV"])
def test_a_value_may_be_absent_only_where_blanks_may_be(tmp_path, word):
    (tmp_path / "t.csv").write_text(f"video_id,clip_id,x\na,1,{word}\n")
    features = read_features(tmp_path / "t.csv", [("a", "1")], {"x": ["x"]}, blanks=True)
    assert features["x"].isna().all()
    with pytest.raises(InputError, match=rf"t\.csv, row 2 \(a, 1\): x is '{word}'"):
        read_features(tmp_path / "t.csv", [("a", "1")], {"x": ["x"]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.to_datetime(["2020-01-01"]), "column 'x' holds datetime values; store it as numbers"),
        (pd.to_timedelta(["1s"]), "timedelta values"),
        ([True], "boolean values"),
        ([[1]], "list<.*> values"),
        ([float("inf")], r"parquet, row 1 \(a, 1\): x is inf; it must be a number"),
    ],
)
def test_what_is_no_number_in_a_parquet_table_is_refused(tmp_path, values, message):
    table = pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], "x": values})
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=message):
        read_features(tmp_path / "t.parquet", [("a", "1")], {"x": ["x"]})


def test_segments_without_a_row_are_told_of(tmp_path, capfd):
    table = pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], "x": [2]})
    table.to_parquet(tmp_path / "t.parquet")
    read_features(tmp_path / "t.parquet", [("a", "1"), ("b", "2")], {"x": ["x"]})
    assert "t.parquet: no row of 1 of 2 segments, e.g. ('b', '2')" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("07", "7"), ("Clip", "clip"), ("e\N{COMBINING ACUTE ACCENT}", "é")],
)
def test_ids_that_are_nearly_those_of_the_corpus_are_told_from_others(
    tmp_path, capfd, theirs, ours
):
    table = pd.DataFrame({"video_id": ["a", "a"], "clip_id": [theirs, "12"], "x": [2, 3]})
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match="differ from those of the corpus only in zeros in front"):
        read_features(tmp_path / "t.parquet", [("a", ours)], {"x": ["x"]})
    capfd.readouterr()
    read_features(tmp_path / "t.parquet", [("a", ours), ("a", "12")], {"x": ["x"]})
    assert "1 segments differ" in capfd.readouterr().err

"""A table that a user made, CSV or Parquet: what is read of it, and what is refused."""

import gzip
import pickle

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from devaflow.corpus import own_table
from devaflow.corpus.own_table import read_own_table
from devaflow.errors import InputError

KEY = ["video_id", "clip_id"]


def read(path):
    return read_own_table(path, KEY, KEY, ["x"])


def write_often(path, text, rows):
    """A table with `text` in each cell, which its file holds once a column."""
    same = pa.DictionaryArray.from_arrays(pa.array([0] * rows, "int32"), pa.array([text]))
    table = pa.table(dict.fromkeys((*KEY, "x"), same))
    parquet.write_table(table, path, store_schema=False)


def test_rows_are_numbered_as_in_a_csv_file_and_from_one_in_a_parquet_table(tmp_path):
    table = pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], " x": [2]})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.csv")["x"].to_dict() == {2: "2"}
    assert read(tmp_path / "t.parquet")["x"].to_dict() == {1: 2}


def test_a_file_that_is_not_there_or_no_table_is_refused_by_name(tmp_path):
    (tmp_path / "no.parquet").write_text("hello")
    (tmp_path / "empty.csv").touch()
    for name in ("gone.csv", "no.parquet", "empty.csv"):
        with pytest.raises(InputError, match=f"{name}: no"):
            read(tmp_path / name)


def test_a_table_without_a_required_column_says_what_it_has(tmp_path):
    (tmp_path / "t.csv").write_text("video,clip_id,x\na,1,2\n")
    with pytest.raises(InputError, match="no column 'video_id'; it has video, clip_id, x"):
        read(tmp_path / "t.csv")


def test_a_column_that_stands_twice_but_for_blanks_is_refused(tmp_path):
    table = pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], "x": [2], "x ": [3]})
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet: the column 'x' stands twice"):
        read(tmp_path / "t.parquet")


def test_a_parquet_table_may_be_indexed_by_what_is_required(tmp_path):
    table = pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], "x": [2]})
    table.set_index(["video_id", "clip_id"]).to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet")["x"].tolist() == [2]


def test_a_parquet_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.parquet"
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 10**6, "int32"), pa.array(["a"]))
    columns = pa.table({"video_id": same, "clip_id": same, "x": same})
    with parquet.ParquetWriter(path, columns.schema) as writer:
        for _ in range(40):
            writer.write_table(columns)
    assert path.stat().st_size < 10**6
    with pytest.raises(InputError, match=r"bomb\.parquet: 40000000 rows of 3 columns"):
        read(path)


def test_a_parquet_table_of_too_many_bytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(own_table, "MOST_BYTES", 10)
    pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], "x": [2]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"1 rows of 3 columns .*and 10 bytes are read"):
        read(tmp_path / "t.parquet")


def test_a_long_text_that_is_stored_once_for_many_rows_counts_in_each(tmp_path, monkeypatch):
    monkeypatch.setattr(own_table, "MOST_BYTES", 10**6)
    path = tmp_path / "t.parquet"
    write_often(path, "a" * 10_000, rows=200)
    assert parquet.read_metadata(path).row_group(0).total_byte_size < 10**5
    with pytest.raises(InputError, match=r"t\.parquet: 200 rows of 3 columns \(6\d{6} bytes\)"):
        read(path)


def test_a_text_that_is_stored_once_for_many_rows_is_in_each(tmp_path):
    write_often(tmp_path / "t.parquet", "7", rows=3)
    assert read(tmp_path / "t.parquet").to_numpy().tolist() == [["7"] * 3] * 3


def test_only_named_columns_of_a_parquet_table_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(own_table, "MOST_BYTES", 10**4)
    table = {"video_id": ["a"], "clip_id": ["1"], "x": [2], "x.y": [3], "note": ["a" * 10**5]}
    pd.DataFrame(table | {"tokens": [[1.0, 2.0]]}).to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet").columns.tolist() == [*KEY, "x"]


def test_a_column_of_lists_is_refused_before_it_is_unpacked(tmp_path):
    table = pd.DataFrame({"video_id": ["a"], "clip_id": ["1"], "x": [[1.0, 2.0]]})
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet: column 'x' holds list<.*double> values"):
        read(tmp_path / "t.parquet")


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.csv"])
def test_a_compressed_csv_is_not_unpacked(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(b"video_id,clip_id,x\na,1,2\n", mtime=0))
    with pytest.raises(InputError, match=f"{name}: line 1 is not UTF-8 text"):
        read(tmp_path / name)


def test_code_in_a_parquet_table_is_not_run(tmp_path):
    class Code:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    kind = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(Code()),
    }
    fields = [pa.field("video_id", pa.string()), pa.field("clip_id", pa.string())]
    fields.append(pa.field("x", pa.int64(), metadata=kind))
    table = pa.table([["a"], ["1"], [2]], schema=pa.schema(fields))
    parquet.write_table(table, tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet")["x"].tolist() == [2]
    assert not (tmp_path / "ran").exists()


def test_the_names_of_columns_may_be_numbers(tmp_path):
    pd.DataFrame([[1, 2]]).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet: no column 'video_id'; it has 0, 1"):
        read(tmp_path / "t.parquet")

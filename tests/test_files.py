import pandas as pd
import pytest

from devaflow.files import atomic, read_json, read_table, sha256, write_json, write_table


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "out.txt"
    with pytest.raises(TypeError), atomic(target) as partial:
        partial.write_text("half") + "a"
    assert list(target.parent.iterdir()) == []
    with atomic(target) as partial:
        partial.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"


def test_a_failed_write_leaves_the_former_file(tmp_path):
    target = tmp_path / "out.json"
    write_json(target, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(target, {"a": float("nan")})
    assert read_json(target) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_tables_keep_ids_as_strings_and_their_bytes(tmp_path):
    table = pd.DataFrame({"video_id": ["007", "1e5", "NaN"], "label": [0.5, None, -3]})
    write_table(tmp_path / "a.parquet", table)
    write_table(tmp_path / "b.parquet", table)
    assert read_table(tmp_path / "a.parquet")["video_id"].tolist() == ["007", "1e5", "NaN"]
    assert sha256(tmp_path / "a.parquet") == sha256(tmp_path / "b.parquet")


def test_a_file_has_the_permissions_that_the_umask_leaves(tmp_path):
    (tmp_path / "plain").touch()
    write_json(tmp_path / "out.json", 1)
    assert (tmp_path / "out.json").stat().st_mode == (tmp_path / "plain").stat().st_mode

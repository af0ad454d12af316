"""Results whose sources are gone: which of them a failed job has left behind."""

import base64
import json
import os

import pytest

from devaflow.stale import RECORDS, disown_stale


@pytest.fixture
def made(tmp_path):
    """made(name, when, *sources, there=True): a file, and the record of a job that ended then."""

    def make(name, when, *sources, there=True, record=None):
        if there:
            (tmp_path / name).write_text(name)
        record = tmp_path / RECORDS / (record or coded(name))
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"input": list(sources), "rule": "make"}))
        record.chmod(0o660)
        os.utime(record, (when, when))
        return record

    return make


def coded(name):
    return base64.urlsafe_b64encode(name.encode()).decode()


def test_nothing_is_stale_where_all_is_there(made, tmp_path):
    made("words", 1, "clip")
    made("metrics", 2, "words")
    assert disown_stale(tmp_path) == []
    assert disown_stale(tmp_path / "nowhere") == []


def test_a_result_is_stale_if_a_job_failed_to_make_what_it_is_made_from(made, tmp_path):
    made("words", 3, "clip", there=False)
    states = made("states", 2, "words")
    other = made("other", 2, "clip")
    assert disown_stale(tmp_path) == ["states"]
    assert json.loads(states.read_text()) == {"input": [], "rule": "make"}
    assert json.loads(other.read_text())["input"] == ["clip"]
    assert states.stat().st_mtime == 2, "it says when the job ended"
    assert states.stat().st_mode & 0o777 == 0o660, "others of the group go on with it"
    assert [path.name for path in states.parent.iterdir() if path.name.startswith(".part")] == []
    assert (tmp_path / "states").read_text() == "states", "it is kept until it is made again"


def test_what_was_removed_later_makes_nothing_stale(made, tmp_path):
    made("words", 1, "clip", there=False)
    made("states", 2, "words")
    assert disown_stale(tmp_path) == []


def test_a_file_may_be_lost_behind_one_that_was_removed(made, tmp_path):
    made("words", 4, "clip", there=False)
    made("states", 2, "words", there=False)
    made("metrics", 3, "states")
    assert disown_stale(tmp_path) == ["metrics"]


def test_long_paths_are_cut_into_folders(made, tmp_path):
    long = "states" * 50  # no file can have such a name here: it is as if it had been removed
    made("words", 3, there=False)
    made(long, 1, "words", there=False, record=f"@{coded(long)[:200]}/{coded(long)[200:]}")
    made("metrics", 2, long)
    assert disown_stale(tmp_path) == ["metrics"]


def test_what_is_no_record_says_nothing(made, tmp_path):
    made("words", 3, "clip", there=False)
    made("states", 2, "words").write_text('{"input": [')  # another run is just writing it
    (tmp_path / RECORDS / ".nfs0001").touch()
    assert disown_stale(tmp_path) == []

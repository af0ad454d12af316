"""Results whose sources are gone: which of them a run that was interrupted has left behind."""

import base64
import json

import pytest

from devaflow.stale import MARKS, RECORDS, mark_stale


@pytest.fixture
def made(tmp_path):
    """made(name, time, *sources, there=True): a file, and the record of how it was made."""

    def make(name, time, *sources, there=True):
        if there:
            (tmp_path / name).write_text(name)
        record = tmp_path / RECORDS / coded(name)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"input": list(sources), "endtime": time}))

    return make


def coded(name):
    return base64.urlsafe_b64encode(name.encode()).decode()


def test_nothing_is_stale_where_all_is_there(made, tmp_path):
    made("words", 1, "clip")
    made("metrics", 2, "words")
    assert mark_stale(tmp_path) == []
    assert mark_stale(tmp_path / "nowhere") == []


def test_a_result_is_stale_if_a_job_lost_what_it_is_made_from(made, tmp_path):
    made("words", 3, "clip", there=False)  # tried again at 3
    made("states", 2, "words")
    made("other", 2, "clip")
    assert mark_stale(tmp_path) == ["states"]
    assert json.loads((tmp_path / MARKS / coded("states")).read_text()) == {"external_jobid": None}
    assert (tmp_path / "states").read_text() == "states", "it is kept until it is made again"


def test_what_a_user_has_removed_makes_nothing_stale(made, tmp_path):
    made("words", 1, "clip", there=False)
    made("states", 2, "words")
    assert mark_stale(tmp_path) == []


def test_a_file_may_be_lost_behind_one_that_was_removed(made, tmp_path):
    made("words", 4, "clip", there=False)
    made("states", 2, "words", there=False)
    made("metrics", 3, "states")
    assert mark_stale(tmp_path) == ["metrics"]


def test_a_job_that_was_killed_has_no_new_record_but_a_mark(made, tmp_path):
    made("words", 1, "clip", there=False)
    (tmp_path / MARKS).mkdir()
    (tmp_path / MARKS / coded("words")).touch()
    made("states", 2, "words")
    assert mark_stale(tmp_path) == ["states"]


def test_long_paths_are_cut_into_folders(made, tmp_path):
    name = coded("states" * 50)
    made("words", 3, there=False)
    record = tmp_path / RECORDS / f"@{name[:200]}" / name[200:]
    record.parent.mkdir()
    record.write_text(json.dumps({"input": ["words"], "endtime": 2}))
    (tmp_path / RECORDS / ".nfs0001").touch()  # no record
    # No file here can have such a name: it is as if it had been removed.
    made("metrics", 2, "states" * 50)
    assert mark_stale(tmp_path) == ["metrics"]


def test_a_record_that_is_just_being_written_says_nothing(made, tmp_path):
    made("words", 3, "clip", there=False)
    made("states", 2, "words")
    (tmp_path / RECORDS / coded("states")).write_text('{"input": [')
    assert mark_stale(tmp_path) == []

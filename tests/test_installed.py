from pathlib import Path

import numpy as np

from devaflow.installed import LOCK, installed, outdated, pins

ROOT = Path(__file__).parents[1]


def test_both_kinds_of_files_pin_versions(tmp_path):
    (tmp_path / "lock").write_text("# a comment\nnumpy==2.4.6\n")
    (tmp_path / "conda.yaml").write_text("dependencies:\n  - pip:\n      - numpy==2.4.6\n")
    assert pins(tmp_path / "lock") == pins(tmp_path / "conda.yaml") == {"numpy": "2.4.6"}


def test_the_build_of_a_package_is_no_other_version():
    assert installed("torch") == pins(ROOT / LOCK)["torch"], "the CPU build calls itself so +cpu"
    assert installed("no-such-package") is None


def test_nothing_is_told_of_what_is_as_in_the_lock_or_where_there_is_none(tmp_path):
    assert list(outdated(ROOT)) == []
    assert list(outdated(tmp_path)) == []


def test_a_package_that_changes_numbers_is_told_of_in_another_version(tmp_path):
    pinned = "numpy==1.0.0\nmediapipe-of-another-environment==1.0\npytest==1.0.0\n"
    (tmp_path / LOCK).write_text(pinned)
    (told,) = outdated(tmp_path)
    assert f"pins: numpy {np.__version__} (1.0.0); figures may differ" in told

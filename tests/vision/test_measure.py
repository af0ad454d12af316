"""Whose fault an error is that comes up while a clip is measured: the clip's, or the machine's."""

import errno

import pytest

from devaflow.corpus.clips import Clip
from devaflow.vision import video
from devaflow.vision.measure import measure_clips


@pytest.fixture
def measured(pattern):
    clip = Clip("a", "1", pattern("a.mp4", 0.2))
    return lambda measure: measure_clips([clip], "none", measure, 60, 10**6)[1]


@pytest.mark.parametrize("error", [OSError("Invalid argument"), ValueError("not a number")])
def test_a_container_that_cannot_be_read_is_the_clips_fault(measured, monkeypatch, error):
    def fail(path):
        raise error

    monkeypatch.setattr(video, "_container", fail)
    table = measured(lambda _: (None, "ok", ""))
    assert table.loc[0, ["status", "reason"]].tolist() == ["unreadable", str(error)]


def test_a_full_disk_is_not(measured):
    def measure(video):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        measured(measure)

"""A clip goes from the plan to a job as plain values."""

from pathlib import Path

import pytest

from devaflow.corpus.clips import Clip
from devaflow.corpus.excerpts import Excerpt


@pytest.mark.parametrize(
    ("clip", "row"),
    [
        (Clip("v", "1", Path("v/1.mp4")), ["v", "1", "v/1.mp4"]),
        (Clip("v", "1", None), ["v", "1", ""]),
        (Excerpt("v", "1", Path("v.csv"), 0.5, 2.0), ["v", "1", "v.csv", 0.5, 2.0]),
        (Excerpt("v", "1", None), ["v", "1", "", None, None]),
    ],
)
def test_a_clip_is_made_again_of_its_row(clip, row):
    assert clip.row == row
    assert type(clip).at(*row) == clip

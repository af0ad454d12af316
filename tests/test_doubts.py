from pathlib import Path

import pytest

from devaflow.doubts import doubts
from devaflow.planning import make_plan

ROOT = Path(__file__).parents[1]


def told(config):
    return " ".join(doubts(make_plan(config, ROOT)))


def split(*modes):
    """Give each of the four videos of label.csv, all of whose rows are train, a mode of its own."""
    header, *rows = Path("label.csv").read_text().splitlines()
    moded = [row.replace("train", modes[int(row[1])]) for row in rows]
    Path("label.csv").write_text("\n".join([header, *moded]))


def test_a_split_of_the_users_that_is_left_out_is_told_of(config):
    assert "the split of the column mode, is left out" in told(config)
    assert told(config | {"model": "model.pth"}) == "", "nothing is split"
    split("", "", "", "")
    assert told(config) == ""


@pytest.mark.parametrize(
    ("modes", "lone"),
    [
        (("train", "train", "test", "valid"), "mode test have the video_id 'v2'"),
        (("train", "train", "", "valid"), "mode valid have the video_id 'v3'"),
        (("train", "valid", "valid", ""), ""),
    ],
)
def test_a_split_of_one_video_is_told_of(config, modes, lone):
    split(*modes)
    found = told(config)
    assert lone in found
    assert bool(found) == bool(lone)
    assert told(config | {"model": "model.pth"}) == ""


def test_segments_without_a_clip_are_told_of(config):
    Path("clips/v1/1.mp4").unlink()
    assert "no clip of 1 of 16 segments, e.g. v1/1" in told(config)

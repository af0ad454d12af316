"""The demo corpus that ships agrees with the plan it was made from."""

from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("skimage")
pytest.importorskip("espeakng_loader")

from devaflow.demo.corpus import label_row, label_table
from devaflow.demo.plan import make_plan

DEMO = Path(__file__).parents[2] / "resources" / "demo"
PLAN = make_plan(42)
MOSI_COLUMNS = "video_id clip_id text label label_T label_A label_V annotation mode"


def read(name):
    return pd.read_csv(DEMO / name, dtype={"video_id": str, "clip_id": str})


def test_label_csv_is_the_plan_in_mosi_columns():
    table = read("label.csv")
    assert list(table.columns) == MOSI_COLUMNS.split()
    expected = label_table(PLAN).astype({"label": float})
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)


def test_ground_truth_has_a_row_for_every_clip_faulty_ones_too():
    truth = read("ground_truth.csv")
    assert list(zip(truth.video_id, truth.clip_id, strict=True)) == [
        (clip.video_id, clip.clip_id) for clip in PLAN
    ]
    assert truth.fault.fillna("").tolist() == [clip.fault for clip in PLAN]
    assert truth.duration_s.between(1.5, 3).all()
    assert (truth.frames == (truth.duration_s * 25).round()).all()


def test_every_clip_has_its_file_but_the_missing_one():
    files = {path.relative_to(DEMO / "clips").as_posix() for path in DEMO.glob("clips/*/*")}
    assert files == {f"{c.video_id}/{c.clip_id}.mp4" for c in PLAN if c.fault != "missing"}


def test_the_corpus_stays_small():
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) <= 12e6


@pytest.mark.parametrize(
    ("value", "annotation"), [(-0.1, "Negative"), (0.0, "Neutral"), (0.1, "Positive")]
)
def test_annotation_is_the_sign_of_the_label(value, annotation):
    clip = next(clip for clip in PLAN if not clip.fault)
    assert label_row(type(clip)(**vars(clip) | {"label": value}))["annotation"] == annotation


def test_an_unlabelled_clip_has_neither_label_nor_annotation():
    row = label_row(next(clip for clip in PLAN if clip.fault == "unlabelled"))
    assert row["label"] is None
    assert row["annotation"] is None

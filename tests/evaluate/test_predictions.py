import numpy as np
import pandas as pd
import pytest

from devaflow.errors import InputError
from devaflow.evaluate.predictions import ensemble, side_by_side, stacked, unstacked


def table(prediction, label=(1.0, -1.0, np.nan, 2.0)):
    return pd.DataFrame(
        {
            "video_id": ["b", "a", "a", "a"],
            "clip_id": ["1", "10", "2", "3"],
            "split": ["test", "test", "test", "valid"],
            "label": list(label),
            "prediction": prediction,
        }
    )


def test_only_labelled_rows_of_the_split_are_taken_sorted_by_key():
    rows = side_by_side({"one": table([0.1, 0.2, 0.3, 0.4])}, "test")
    assert rows.video.tolist() == ["a", "b"]
    assert rows.label.tolist() == [-1.0, 1.0]
    assert rows.predictions.tolist() == [[0.2, 0.1]]


def test_tables_in_another_row_order_are_aligned():
    first = table([0.1, 0.2, 0.3, 0.4])
    rows = side_by_side({"one": first, "two": first.iloc[::-1]}, "test")
    assert rows.predictions.tolist() == [[0.2, 0.1], [0.2, 0.1]]


def test_tables_of_other_rows_or_labels_are_refused():
    first = table([0.1, 0.2, 0.3, 0.4])
    other = table([0.1, 0.2, 0.3, 0.4], label=(1.0, 1.0, np.nan, 2.0))
    for second in (other, first.iloc[1:]):
        with pytest.raises(InputError, match=r"two and one.*differ"):
            side_by_side({"one": first, "two": second}, "test")


def test_a_diverged_training_is_named_with_its_row():
    diverged = table([0.1, np.nan, np.nan, 0.4])
    with pytest.raises(InputError, match=r"seed 7.*video_id a, clip_id 10.*learning rate"):
        side_by_side({"seed 7": diverged}, "test")


def test_unstacked_gives_back_what_was_stacked():
    tables = {"video-id": table([0.1, 0.2, 0.3, 0.4]), "mean": table([0.5] * 4)}
    together = stacked(tables)
    assert set(together) == {*tables["mean"], "predictor"}
    assert len(together) == 8
    apart = unstacked(together)
    assert list(apart) == ["video-id", "mean"]
    for name, rows in tables.items():
        pd.testing.assert_frame_equal(apart[name], rows)


def test_an_ensemble_is_the_mean_of_its_runs_row_by_row():
    first = table([0.1, 0.2, 0.3, 0.4]).assign(probability=[0.0, 0.2, 0.4, 0.6])
    second = table([0.3, 0.6, 0.9, 1.2]).assign(probability=1.0).iloc[::-1]
    together = ensemble({"one": first, "two": second})
    assert together["prediction"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert together["probability"].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8])
    rest = ["video_id", "clip_id", "split", "label"]
    pd.testing.assert_frame_equal(together[rest], first[rest])


def test_runs_over_other_rows_or_labels_have_no_ensemble():
    first = table([0.1, 0.2, 0.3, 0.4]).assign(probability=0.5)
    relabelled = first.assign(label=[1.0, 1.0, np.nan, 2.0])
    fewer = first.iloc[1:].reset_index(drop=True)
    for pair in ((first, relabelled), (first, fewer), (fewer, first)):
        with pytest.raises(InputError, match=r"two and one.*differ"):
            ensemble(dict(zip(("one", "two"), pair, strict=True)))

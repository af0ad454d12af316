"""A score with an error bar for every segment, and how good those with a label are."""

import numpy as np
import pandas as pd
import pytest

from devaflow.evaluate.scored import report, score_table

PREDICTIONS = pd.DataFrame(
    {
        "video_id": ["a", "a", "b", "b"],
        "clip_id": ["1", "2", "1", "2"],
        "split": "scored",
        "label": [1.0, np.nan, -2.0, 0.0],
        "prediction": [1.5, 2.8, -2.5, 1.0],
        "probability": [0.9, 0.95, 0.1, 0.6],
    }
)
KEYS = PREDICTIONS[["video_id", "clip_id"]]
STATUSES = {
    "text": KEYS.assign(status="ok"),
    # In another order than the predictions.
    "vision": KEYS.assign(status=["ok", "no_face", "missing", "ok"]).iloc[::-1],
}


def test_a_score_has_an_error_bar_within_the_scale():
    table = score_table(PREDICTIONS, STATUSES, 0.8)
    assert table["score"].tolist() == PREDICTIONS["prediction"].tolist()
    assert table["low"].tolist() == pytest.approx([0.7, 2.0, -3.0, 0.2])
    assert table["high"].tolist() == pytest.approx([2.3, 3.0, -1.7, 1.8])
    assert table["vision"].tolist() == ["ok", "no_face", "missing", "ok"]
    assert list(table.columns[:2]) == ["video_id", "clip_id"]
    assert table["label"].isna().tolist() == [False, True, False, False]


def test_without_a_half_width_there_is_no_error_bar():
    table = score_table(PREDICTIONS, STATUSES, None)
    assert table[["low", "high"]].isna().all(axis=None)
    assert report(table, list(STATUSES), 100)["coverage"] is None


def test_segments_with_a_label_say_how_good_the_scores_are():
    found = report(score_table(PREDICTIONS, STATUSES, 0.8), list(STATUSES), 100)
    assert (found["segments"], found["labelled"]) == (4, 3)
    assert found["status"]["vision"] == {"missing": 1, "no_face": 1, "ok": 2}
    assert found["metrics"]["MAE"] == pytest.approx((0.5 + 0.5 + 1.0) / 3, abs=1e-6)
    assert found["coverage"] == pytest.approx(2 / 3, abs=1e-6)  # 0.0 is not in 0.2 to 1.8
    low, high = found["intervals"]["MAE"]
    assert low == pytest.approx(0.5)  # both draws are video a
    assert high == pytest.approx(0.75)


def test_without_labels_nothing_is_measured():
    unlabelled = PREDICTIONS.assign(label=np.nan)
    found = report(score_table(unlabelled, STATUSES, 0.8), list(STATUSES), 100)
    assert found["labelled"] == 0
    assert found["metrics"] is None
    assert found["coverage"] is None

import pandas as pd
import pytest

from devaflow.evaluate.errors import segment_errors, video_errors

LABELLED = pd.DataFrame(
    {
        "video_id": ["a", "a", "b", "c", "d", "e"],
        "clip_id": ["1", "2", "1", "1", "1", "1"],
        "split": ["test", "test", "test", "valid", "train", "test"],
        "label": [1.0, -1.0, 2.0, 0.0, 3.0, None],
        "probability": 0.5,
    }
)
KEYS = LABELLED[["video_id", "clip_id"]]
RUNS = {
    1: LABELLED.assign(prediction=[1.2, 0.8, 1.8, 3.0, 3.0, 0.0]),
    # In another order.
    2: LABELLED.assign(prediction=[1.4, 1.2, 2.2, 3.0, 3.0, 0.0]).iloc[::-1],
}
WORDS = {
    "text": KEYS.assign(status="ok", text=[f"words {n}" for n in range(6)]),
    "vision": KEYS.assign(status="no_face", text="no face is visible").iloc[::-1],
}


@pytest.fixture
def segments():
    return segment_errors(RUNS, WORDS)


def test_the_largest_error_of_the_test_rows_stands_first_and_valid_rows_last(segments):
    assert segments["clip_id"].tolist() == ["2", "1", "1", "1"]
    assert segments["video_id"].tolist() == ["a", "a", "b", "c"]
    assert segments["error"].tolist() == pytest.approx([2.0, 0.3, 0.0, 3.0])


def test_a_prediction_is_the_mean_of_the_seeds_with_their_deviation(segments):
    assert segments["prediction"].tolist() == pytest.approx([1.0, 1.3, 2.0, 3.0])
    assert segments["sd"][0] == pytest.approx(0.4 / 2**0.5)
    assert segment_errors({1: RUNS[1]}, WORDS)["sd"].isna().all()


def test_what_was_read_of_a_segment_stands_beside_its_error(segments):
    assert segments["text"].tolist() == ["words 1", "words 0", "words 2", "words 3"]
    assert set(segments["vision"]) == {"no face is visible"}
    assert set(segments["vision_status"]) == {"no_face"}
    assert set(segments["text_status"]) == {"ok"}


def test_a_video_that_is_always_off_in_one_direction_is_told_by_its_bias(segments):
    videos = video_errors(segments)
    assert videos["video_id"].tolist() == ["a", "b", "c"]
    assert videos["split"].tolist() == ["test", "test", "valid"]
    first = videos.iloc[0]
    assert (first["segments"], first["label"]) == (2, 0.0)
    assert first["prediction"] == pytest.approx(1.15)
    assert (first["MAE"], first["bias"]) == pytest.approx((1.15, 1.15))

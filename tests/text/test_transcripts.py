import math

import pandas as pd
import pytest

from devaflow.text.transcripts import clean, prepare_transcripts


def segments(*rows, start=math.nan):
    return pd.DataFrame(rows, columns=["video_id", "clip_id", "text"]).assign(start=start)


def test_transcripts_are_lower_cased_on_request():
    table = segments(("v", "1", "I LOVED It"))
    assert prepare_transcripts(table, lowercase=True, context=0)["text"].tolist() == ["i loved it"]
    assert prepare_transcripts(table, lowercase=False, context=0)["text"].tolist() == ["I LOVED It"]


@pytest.mark.parametrize("text", ["", "   ", "\x00", "\u200b\n"])
def test_a_transcript_without_words_is_a_row_with_a_status(text):
    (row,) = prepare_transcripts(segments(("v", "1", text)), True, 0).to_dict("records")
    assert (row["status"], row["reason"]) == ("empty", "the transcript holds no words")


def test_control_characters_and_runs_of_space_become_one_space():
    assert clean("so\x00good \t\n really\u200b 😀") == "so good really 😀"


def test_context_reads_earlier_segments_of_the_same_video_in_their_order():
    table = segments(("v", "10", "C"), ("v", "2", "B"), ("w", "1", "X"), ("v", "1", "A"))
    read = prepare_transcripts(table, lowercase=True, context=2)
    assert read["text"].tolist() == ["a\nb\nc", "a\nb", "\nx", "\na"]
    assert read["clip_id"].tolist() == ["10", "2", "1", "1"]


@pytest.mark.parametrize(
    "order",
    [
        ["007", "7", "10"],
        ["clip_1", "clip_2", "clip_10"],
        ["2", "3", "3a", "3b", "10", "a"],
        ["s1e9", "s1e10", "s2e1"],
    ],
)
def test_numbers_in_the_ids_count_as_numbers(order):
    table = segments(*(("v", clip, clip) for clip in sorted(order)))
    read = prepare_transcripts(table, lowercase=False, context=9).set_index("clip_id")
    assert read.loc[order[-1], "text"].split("\n") == order


def test_segments_follow_one_another_by_their_start():
    table = segments(("v", "1", "B"), ("v", "2", "C"), ("v", "3", "A"), start=[4.5, 10.0, 0.0])
    assert prepare_transcripts(table, True, 2)["text"].tolist() == ["a\nb", "a\nb\nc", "\na"]
    assert prepare_transcripts(table, True, 0)["start"].tolist() == [4.5, 10.0, 0.0]


def test_a_start_that_one_segment_lacks_does_not_order_its_video():
    rows = [("v", "2", "B"), ("v", "1", "A"), ("w", "1", "Y"), ("w", "2", "X")]
    table = segments(*rows, start=[math.nan, 9.0, 9.0, 0.0])
    assert prepare_transcripts(table, True, 1)["text"].tolist() == ["a\nb", "\na", "x\ny", "\nx"]


def test_earlier_segments_without_words_are_passed_over():
    table = segments(("v", "1", "A"), ("v", "2", ""), ("v", "3", "C"))
    assert prepare_transcripts(table, True, 2)["text"].tolist() == ["\na", "a\n", "a\nc"]


def test_an_empty_segment_stays_empty_whatever_went_before():
    table = segments(("v", "1", "A"), ("v", "2", ""))
    assert prepare_transcripts(table, True, 1)["status"].tolist() == ["ok", "empty"]

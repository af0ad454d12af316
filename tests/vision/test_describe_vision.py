from pathlib import Path

import pandas as pd
import pytest

from devaflow.errors import InputError
from devaflow.vision.describe import describe, read_phrases
from devaflow.vision.frames import PRESENCES
from devaflow.vision.import_action_units import read_activity

PROJECT_ROOT = Path(__file__).parents[2]


@pytest.fixture
def phrases():
    return read_phrases(PROJECT_ROOT / "resources/action_units.csv")


def text(phrases, status="ok", top_k=8, **counts):
    row = {"video_id": "v", "clip_id": "1", "status": status, "reason": ""}
    row |= dict.fromkeys(PRESENCES, 0) | {f"{unit}_c": count for unit, count in counts.items()}
    return describe(pd.DataFrame([row]), phrases, top_k).loc[0, "text"]


def test_the_dictionary_holds_devas_sixteen_phrases(phrases):
    assert len(phrases) == 16
    assert phrases["AU05_c"] == "raise upper lid"
    assert "AU14_c" not in phrases


def test_the_longest_active_unit_comes_first(phrases):
    assert text(phrases, AU25=5, AU05=9, AU04=7) == (
        "The speaker made such an expression: raise upper lid, lower brow, part lip."
    )


def test_ties_keep_the_order_of_the_units(phrases):
    assert text(phrases, AU45=5, AU01=5) == (
        "The speaker made such an expression: raise inner brow, blink."
    )


def test_only_the_first_k_are_said(phrases):
    assert text(phrases, top_k=1, AU25=5, AU05=9).endswith(": raise upper lid.")


def test_units_without_a_phrase_are_not_said_but_make_no_neutral_face(phrases):
    assert text(phrases, AU14=9, AU17=9) == "The speaker's face is not neutral."
    assert text(phrases, AU14=9, AU25=5).endswith(": part lip.")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("ok", "The speaker's face is neutral."),
        ("truncated", "The speaker's face is neutral."),
        ("no_face", "No face is visible."),
        ("unreadable", "The video cannot be read."),
        ("missing", "There is no video."),
    ],
)
def test_every_status_has_its_words(phrases, status, said):
    assert text(phrases, status=status) == said


def test_an_unknown_unit_in_the_dictionary_is_named(tmp_path):
    (tmp_path / "units.csv").write_text("au,phrase\nAU01,x\nAU99,y\n")
    with pytest.raises(InputError, match=r"units\.csv, data row 2: 'AU99'"):
        read_phrases(tmp_path / "units.csv")


def test_the_published_descriptions_come_out(phrases, mosi):
    published = pd.read_csv(mosi / "published_descriptions.csv", dtype=str, keep_default_na=False)
    segments = list(zip(published["video_id"], published["clip_id"], strict=True))
    made = describe(read_activity(mosi / "vision_action_units.csv", segments), phrases)
    wanted = published["raw_vision_text"].str.removesuffix(", ") + "."
    different = made["text"] != wanted
    assert different.sum() == 1, "the only clip without an active unit, which DEVA leaves blank"
    assert made["text"][different].tolist() == ["The speaker's face is neutral."]

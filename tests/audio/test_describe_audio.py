import numpy as np
import pandas as pd
import pytest

from devaflow.audio.describe import describe
from devaflow.audio.import_functionals import read_functionals
from devaflow.audio.levels import Levels
from devaflow.audio.tables import VALUES

PUBLISHED = {
    "loudness": (0.2455, 0.4277),
    "jitter": (0.0677, 0.0956),
    "shimmer": (0.1830, 0.2202),
    "f0_hz": (173.80, 219.78),
}
NAN = float("nan")


@pytest.mark.parametrize(
    ("status", "reason", "values", "text"),
    [
        ("ok", "", (1, 5, 5, 9), "{lead}low loudness, normal jitter, normal shimmer, high pitch."),
        ("truncated", "", (9, 1, 1, 1), "{lead}high loudness, low jitter, low shimmer, low pitch."),
        ("no_speech", "unvoiced", (9, NAN, NAN, NAN), "The sound is unvoiced, with high loudness."),
        ("no_speech", "unvoiced", (NAN, NAN, NAN, NAN), "The sound is unvoiced."),
        ("no_speech", "digital silence", (0, NAN, NAN, NAN), "The speaker is silent."),
        ("no_sound", "-", (NAN,) * 4, "The clip has no sound."),
        ("too_short", "-", (NAN,) * 4, "The sound is too short to describe."),
        ("unreadable", "-", (NAN,) * 4, "The sound cannot be read."),
        ("missing", "-", (NAN,) * 4, "There is no sound."),
    ],
)
def test_every_status_has_its_words(measured, status, reason, values, text):
    table = measured(("v", "1", status, reason, *values))
    described = describe(table, Levels(dict.fromkeys(VALUES, (4.0, 7.0))))
    lead = "The speaker speaks in the following tone: "
    assert described.loc[0, "text"] == text.format(lead=lead)
    assert list(described.columns) == ["video_id", "clip_id", "status", "reason", "text"]


def test_a_level_that_nobody_knows_is_not_spoken_of(measured):
    table = measured(("v", "1", "ok", "", 0, 5, 5, 9))  # no loudness to be relative to
    levels = Levels(dict.fromkeys(VALUES, (4.0, 7.0)), scope="video")
    text = describe(table, levels).loc[0, "text"]
    assert text.endswith("tone: low jitter, low shimmer, low pitch.")


def test_the_published_descriptions_come_out(mosi):
    published = pd.read_csv(mosi / "published_descriptions.csv", dtype=str, keep_default_na=False)
    segments = list(zip(published["video_id"], published["clip_id"], strict=True))
    functionals = read_functionals(mosi / "audio_functionals.csv", segments)
    made = describe(functionals, Levels(PUBLISHED))
    different = functionals[made["text"] != published["raw_audio_text"]]
    # The thresholds are known to 4 digits only: no clip may differ but those that lie on one.
    assert len(different) <= 6
    for _, row in different.iterrows():
        gaps = [np.min(np.abs(np.array(PUBLISHED[n]) / row[n] - 1)) for n in VALUES]
        assert min(gaps) < 1e-3

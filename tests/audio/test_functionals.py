import numpy as np
import pandas as pd
import pytest

from devaflow.audio.functionals import extract
from devaflow.audio.tables import VALUES


def test_a_voice_is_measured(clips, sound, voice, tmp_path):
    table = extract(clips(sound("a.wav", [voice(2)])), tmp_path)
    row = table.iloc[0]
    assert row["status"] == "ok"
    assert row["f0_hz"] == pytest.approx(150, rel=0.05)
    assert 0 < row["jitter"] < 0.05, "an even pulse train hardly jitters"
    assert row["duration_s"] == pytest.approx(2, abs=0.01)
    assert list(table.columns) == [
        *("video_id", "clip_id", "status", "reason", "backend", "duration_s", "rms"),
        *VALUES,
    ]


def test_louder_is_louder(clips, sound, voice, tmp_path):
    loud = sound("loud.wav", [voice(1)])
    soft = sound("soft.wav", [voice(1)], "-af", "volume=0.1")
    table = extract(clips(loud, soft), tmp_path)
    assert table.loc[0, "loudness"] > 2 * table.loc[1, "loudness"]
    assert table.loc[0, "rms"] == pytest.approx(10 * table.loc[1, "rms"], rel=0.05)


def test_every_bad_clip_is_a_row(clips, sound, tmp_path):
    (tmp_path / "garbage.mp4").write_bytes(b"no sound " * 1000)
    silence = sound("silence.wav", ["anullsrc=duration=1"])
    noise = sound("noise.wav", ["anoisesrc=duration=1:amplitude=0.3:seed=1"])
    scrap = sound("scrap.wav", ["sine=duration=0.05"])
    mute = sound("mute.mp4", ["testsrc=size=64x64:rate=25:duration=1"])
    paths = [None, tmp_path / "garbage.mp4", mute, scrap, silence, noise]
    table = extract(clips(*paths), tmp_path)
    statuses = ["missing", "unreadable", "no_sound", "too_short", "no_speech", "no_speech"]
    assert table["status"].tolist() == statuses
    assert table["reason"].tolist()[4:] == ["digital silence", "unvoiced"]
    assert (table["reason"] != "").all()
    assert table[["jitter", "shimmer", "f0_hz"]].isna().all(axis=None), "0 would mean low"
    assert table["loudness"].isna().tolist() == [True] * 4 + [False] * 2
    assert table.loc[4, "loudness"] == 0 < table.loc[5, "loudness"]


NOISE = "anoisesrc=d=1:amplitude=0.3:seed=1:r=44100"


@pytest.mark.parametrize(
    ("left", "source"),
    [("0*c1", NOISE), ("0.002*c1", NOISE), ("0.002*c0", NOISE), ("c1", "aevalsrc=0.2:d=1:s=44100")],
    ids=["silence", "noise of -70 dBFS", "leakage of the voice", "a constant offset"],
)
def test_a_voice_on_the_second_channel_alone_is_heard(clips, sound, voice, tmp_path, left, source):
    pan = f"[0][1]amerge,pan=stereo|c0={left}|c1=c0"
    right = sound("right.wav", [voice(1), source], "-filter_complex", pan)
    both = sound("both.wav", [voice(1)], "-af", "pan=stereo|c0=c0|c1=c0")
    measured = extract(clips(right, both), tmp_path)
    assert measured["status"].tolist() == ["ok", "ok"]
    assert measured.loc[0, VALUES].tolist() == measured.loc[1, VALUES].tolist()


def test_the_first_channel_is_measured_where_the_second_is_not_far_louder(
    clips, sound, voice, tmp_path
):
    both = sound("both.wav", [voice(1)], "-af", "pan=stereo|c0=0.2*c0|c1=c0")
    first = sound("first.wav", [voice(1)], "-af", "pan=stereo|c0=0.2*c0|c1=0.2*c0")
    measured = extract(clips(both, first), tmp_path)
    assert measured.loc[0, VALUES].tolist() == measured.loc[1, VALUES].tolist()


def test_the_usable_part_of_a_long_sound_is_measured(clips, sound, voice, tmp_path):
    table = extract(clips(sound("a.wav", [voice(3)])), tmp_path, max_seconds=1)
    assert table.loc[0, "status"] == "truncated"
    assert np.isfinite(table.loc[0, "f0_hz"])


def test_a_clip_gives_the_same_alone_and_in_a_unit(clips, sound, voice, tmp_path):
    noise = sound("noise.wav", ["anoisesrc=duration=1:seed=1"])
    unit = clips(sound("a.wav", [voice(1)]), noise, sound("b.wav", [voice(1.3)]))
    together = extract(unit, tmp_path).iloc[[2]].reset_index(drop=True)
    pd.testing.assert_frame_equal(together, extract(unit[2:], tmp_path), check_exact=True)


def test_a_unit_without_clips_gives_an_empty_table(tmp_path):
    assert extract([], tmp_path)[VALUES].dtypes.eq("float64").all()


def test_real_speech_is_voiced(clips, grid, tmp_path):
    table = extract(clips(*grid), tmp_path)
    assert table["status"].tolist() == ["ok"] * len(grid)
    assert table["f0_hz"].between(60, 300).all()
    assert table["duration_s"].between(2.9, 3.1).all()

import json

import pytest

from devaflow.audio.levels import Levels, fit_levels
from devaflow.audio.tables import VALUES


@pytest.fixture
def nine(measured):
    """Clips 1 to 9 of video v, whose four values are 1 to 9."""
    return measured(*[("v", str(n), "ok", "", n, n, n, n) for n in range(1, 10)])


def keys(*clip_ids):
    return [("v", str(clip_id)) for clip_id in clip_ids]


def test_the_thresholds_are_the_tertiles(nine):
    levels = fit_levels(nine, keys(*range(1, 10)))
    for name in VALUES:
        assert levels.thresholds[name] == pytest.approx((1 + 8 / 3, 1 + 16 / 3))


def test_only_the_named_rows_are_fitted_on(nine):
    levels = fit_levels(nine, [*keys(1, 2, 3), ("w", "9")])
    assert levels.thresholds["f0_hz"] == pytest.approx((5 / 3, 7 / 3))


def test_rows_without_a_voice_are_not_fitted_on(nine):
    nine.loc[4:, "status"] = "no_speech"
    assert fit_levels(nine, keys(*range(1, 10))).thresholds["f0_hz"] == pytest.approx((2, 3))


def test_a_value_at_a_threshold_belongs_above_it(nine):
    levels = Levels(dict.fromkeys(VALUES, (4.0, 7.0))).apply(nine)
    assert levels["jitter"].tolist() == ["low"] * 3 + ["normal"] * 3 + ["high"] * 3


def test_what_was_not_measured_has_no_level(measured):
    table = measured(("v", "1", "no_speech", "unvoiced", 5.0, *[float("nan")] * 3))
    levels = Levels(dict.fromkeys(VALUES, (4.0, 7.0))).apply(table)
    assert levels.loc[0, "loudness"] == "normal"
    assert levels.loc[0, "f0_hz"] is None


def test_with_too_few_voices_to_compare_every_voice_is_normal(nine):
    levels = fit_levels(nine, keys(1, 2))
    assert set(levels.thresholds.values()) == {None}
    again = Levels.from_dict(json.loads(json.dumps(levels.to_dict())))
    assert set(again.apply(nine)["f0_hz"]) == {"normal"}


def test_what_a_third_of_the_voices_share_is_normal(measured):
    table = measured(*[("v", str(n), "ok", "", v, v, v, v) for n, v in enumerate([1, 2, 2, 2, 3])])
    everything = list(zip(table["video_id"], table["clip_id"], strict=True))
    levels = fit_levels(table, everything).apply(table)
    assert levels["f0_hz"].tolist() == ["low", "normal", "normal", "normal", "high"]


def test_levels_survive_json(nine):
    levels = fit_levels(nine, keys(*range(1, 10)), scope="video")
    assert Levels.from_dict(json.loads(json.dumps(levels.to_dict()))) == levels


def test_within_a_video_microphone_and_speaker_do_not_count(measured):
    def video(name, gain, pitch):
        steps = [0.8, 0.9, 1.0, 1.1, 1.2]
        return [(name, str(n), "ok", "", gain * s, s, s, pitch * s) for n, s in enumerate(steps)]

    table = measured(*video("quiet man", 0.1, 100), *video("loud woman", 0.9, 220))
    everything = list(zip(table["video_id"], table["clip_id"], strict=True))
    by_video = fit_levels(table, everything, scope="video").apply(table)
    assert by_video["f0_hz"].tolist()[:5] == by_video["f0_hz"].tolist()[5:]
    assert set(by_video["loudness"][:5]) == {"low", "normal", "high"}
    by_corpus = fit_levels(table, everything).apply(table)
    assert "high" not in set(by_corpus["f0_hz"][:5])


def test_a_video_of_one_clip_is_its_own_reference_and_normal(measured):
    table = measured(*[(f"v{n}", "1", "ok", "", 0.1 * n, n, n, 100 + n) for n in range(1, 6)])
    everything = list(zip(table["video_id"], table["clip_id"], strict=True))
    levels = fit_levels(table, everything, scope="video").apply(table)
    assert set(levels[VALUES].to_numpy().ravel()) == {"normal"}


def test_a_video_without_loudness_is_no_reference(measured):
    table = measured(
        *[(f"v{n // 3}", str(n), "ok", "", 0.0 if n < 5 else n, n, n, n) for n in range(1, 12)]
    )
    everything = list(zip(table["video_id"], table["clip_id"], strict=True))
    levels = fit_levels(table, everything, scope="video")
    json.dumps(levels.to_dict(), allow_nan=False)
    assert levels.apply(table)["loudness"].tolist()[:5] == [None] * 5
    few = fit_levels(table.head(3), everything, scope="video")
    assert few.thresholds["loudness"] is None


def test_within_a_video_the_reference_is_its_usable_clips(measured):
    table = measured(
        ("v", "1", "ok", "", 1.0, 0.1, 0.1, 100.0),
        ("v", "2", "no_speech", "unvoiced", 9.0, *[float("nan")] * 3),
        ("w", "1", "no_speech", "unvoiced", 9.0, *[float("nan")] * 3),
    )
    thresholds = {"loudness": (2.0, 8.0), "jitter": (0.0, 1.0), "shimmer": (0.0, 1.0)}
    levels = Levels({**thresholds, "f0_hz": (0.9, 1.1)}, scope="video").apply(table)
    assert levels["loudness"].tolist() == ["low", "high", None], "1 / 1, 9 / 1, no reference"
    assert levels.loc[0, "f0_hz"] == "normal"

from collections import Counter

import numpy as np
import pytest

from devaflow.demo.plan import FAULTS, label, make_plan


def test_same_seed_same_plan():
    assert make_plan(42) == make_plan(42)
    assert make_plan(42) != make_plan(43)


def test_sixteen_videos_of_nine_clips_split_by_video():
    plan = make_plan(42)
    per_video = Counter(clip.video_id for clip in plan)
    assert len(per_video) == 16
    assert set(per_video.values()) == {9}
    modes = {clip.video_id: clip.mode for clip in plan}
    assert Counter(modes.values()) == {"train": 10, "valid": 3, "test": 3}
    assert {(clip.video_id, clip.mode) for clip in plan} == set(modes.items())
    assert len({clip.text for clip in plan}) == 144


def test_video_ids_hold_the_characters_that_break_glued_keys():
    videos = {clip.video_id for clip in make_plan(42)}
    assert sum(video.startswith("_") for video in videos) == 1
    assert sum("-" in video for video in videos) >= 2
    assert any("_" in video[1:] for video in videos)
    assert {len(video) for video in videos} == {11}


def test_every_fault_once_each_in_a_video_of_its_own_and_in_every_split():
    faulty = [clip for clip in make_plan(42) if clip.fault]
    assert sorted(clip.fault for clip in faulty) == sorted(FAULTS.values())
    assert len({clip.video_id for clip in faulty}) == len(faulty)
    assert {clip.mode for clip in faulty} == {"train", "valid", "test"}


@pytest.mark.parametrize(
    ("cues", "noise", "expected"),
    [
        ((0.0, 0.0, 0.0), 0.0, 0.0),
        ((0.8, 0.0, 0.0), 0.0, 1.1),
        ((0.0, 0.8, 0.0), 0.0, 0.8),
        ((0.0, 0.0, -1.0), 0.04, -1.0),
        ((1.0, 1.0, 1.0), 0.0, 3.0),
        ((-1.0, -1.0, -1.0), -0.5, -3.0),
    ],
)
def test_label_is_the_rounded_clipped_sum_of_the_cues(cues, noise, expected):
    assert label(*cues, noise) == pytest.approx(expected)


def test_labels_stay_near_the_noise_free_score():
    assert np.std([clip.label - clip.score for clip in make_plan(42)]) < 0.4


def test_face_and_voice_carry_something_that_the_text_does_not():
    plan = make_plan(42)
    cues = np.array([(c.text_valence, c.voice_cue, c.face_cue, c.label) for c in plan])
    correlations = np.corrcoef(cues.T)
    assert (np.abs(correlations[[0, 0, 1], [1, 2, 2]]) < 0.8).all()
    assert (correlations[3, :3] > 0.4).all()

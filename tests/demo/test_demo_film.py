from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("skimage")
pytest.importorskip("espeakng_loader")

from devaflow.demo.film import (
    FPS,
    apex,
    damage,
    expression_over_time,
    make_look,
    make_sound,
    render,
)
from devaflow.demo.plan import make_plan
from devaflow.demo.voice import SAMPLE_RATE

CLIP = replace(make_plan(42)[0], fault="", text="a good phone", blinks=1)


def film(path, clip):
    return render(clip, make_look(np.random.default_rng(1)), path, np.random.default_rng(2))


def frames_delivered(path):
    video, count = cv2.VideoCapture(str(path)), 0
    while video.read()[0]:
        count += 1
    return count


def test_one_clip_rendered_twice_gives_the_same_bytes(tmp_path):
    film(tmp_path / "a.mp4", CLIP)
    film(tmp_path / "b.mp4", CLIP)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_clip_has_the_frames_and_the_seconds_that_are_reported(tmp_path):
    rendered = film(tmp_path / "a.mp4", CLIP)
    assert frames_delivered(tmp_path / "a.mp4") == rendered.frames
    assert rendered.duration_s == pytest.approx(rendered.frames / FPS)
    assert 1.5 <= rendered.duration_s <= 3


def test_a_clip_without_audio_has_no_audio_track(tmp_path):
    film(tmp_path / "a.mp4", CLIP)
    film(tmp_path / "b.mp4", replace(CLIP, fault="no_audio"))
    assert b"mp4a" in (tmp_path / "a.mp4").read_bytes()
    assert b"mp4a" not in (tmp_path / "b.mp4").read_bytes()


def test_a_truncated_clip_still_delivers_some_of_its_frames(tmp_path):
    rendered = film(tmp_path / "a.mp4", replace(CLIP, fault="truncated"))
    assert 0 < frames_delivered(tmp_path / "a.mp4") < rendered.frames


def test_missing_and_garbage_leave_what_they_say(tmp_path):
    for fault in ("missing", "garbage"):
        (tmp_path / fault).write_bytes(b"a film")
        damage(tmp_path / fault, fault, np.random.default_rng(0))
    assert not (tmp_path / "missing").exists()
    assert b"ftyp" not in (tmp_path / "garbage").read_bytes()


def test_an_expression_rises_holds_and_falls():
    strength = apex(50)
    assert strength.argmax() not in (0, 49)
    assert strength[0] == strength[-1] == pytest.approx(0.2)
    assert (strength[12:38] == 1).all()


def test_the_mouth_opens_where_there_is_sound_and_the_eyes_close_when_they_blink():
    sound, _ = make_sound(CLIP)
    sound[: SAMPLE_RATE // 2] = 0
    faces = expression_over_time(CLIP, sound, np.random.default_rng(0))
    assert len(faces) * SAMPLE_RATE == len(sound) * FPS
    assert max(face.mouth_open for face in faces[:10]) == 0
    assert max(face.mouth_open for face in faces) > 0.2
    assert max(face.blink for face in faces) == 1

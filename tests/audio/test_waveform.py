import numpy as np
import pytest

from devaflow.audio.waveform import read_waveform

PICTURES = "testsrc=size=64x64:rate=25:duration={}"


@pytest.mark.parametrize("name", ["a.wav", "a.mp4", "a.mkv", "a.mpg", "10:30 a.m4a"])
def test_sound_is_taken_at_44100_hz_with_its_duration(sound, tmp_path, name):
    waveform = read_waveform(sound(name, ["sine=frequency=300:duration=2"]), tmp_path)
    assert waveform.status == "ok"
    assert waveform.rate == 44100
    assert waveform.samples.dtype == np.int16
    assert waveform.samples.shape[1] == 2
    assert waveform.seconds == pytest.approx(2, abs=0.1)
    assert not (tmp_path / "sound.wav").exists(), "the wav file is gone again"


def test_pictures_beside_the_sound_do_not_matter(sound, tmp_path):
    both = sound("a.mp4", [PICTURES.format(1), "sine=duration=1"])
    assert read_waveform(both, tmp_path).status == "ok"


def test_what_holds_no_sound_says_why(sound, tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "garbage.mp4").write_bytes(bytes(range(256)) * 40)
    for path, status in [
        (None, "missing"),
        (tmp_path / "gone.mp4", "unreadable"),
        (tmp_path / "empty.mp4", "unreadable"),
        (tmp_path / "garbage.mp4", "unreadable"),
        (sound("mute.mp4", [PICTURES.format(1)]), "no_sound"),
        (sound("one_frame.mp4", [PICTURES.format(0.04)]), "no_sound"),
        (sound("blip.wav", ["sine=duration=0.02"]), "too_short"),
    ]:
        waveform = read_waveform(path, tmp_path)
        assert waveform.status == status
        assert waveform.reason
        assert waveform.samples is None


def test_the_reason_is_the_same_in_every_run(tmp_path):
    (tmp_path / "garbage.mp4").write_bytes(bytes(range(256)) * 40)
    reasons = {read_waveform(tmp_path / "garbage.mp4", tmp_path).reason for _ in range(3)}
    assert len(reasons) == 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_of_a_broken_file_the_usable_part_is_kept(sound, tmp_path, name):
    whole = sound(
        name, [PICTURES.format(4), "sine=duration=4"], "-g", "25", "-movflags", "+faststart"
    )
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    waveform = read_waveform(whole, tmp_path)
    assert waveform.status == "truncated"
    assert 1 < waveform.seconds < 3.5
    assert waveform.samples[-4410:].any(), "MoviePy's filling of zeros is cut off"


def test_a_track_much_shorter_than_its_clip_is_truncated(sound, tmp_path):
    short = sound("a.mp4", [PICTURES.format(4), "sine=duration=1"])
    waveform = read_waveform(short, tmp_path)
    assert waveform.status == "truncated"
    assert waveform.seconds == pytest.approx(1, abs=0.1)


def test_recorded_silence_at_the_end_is_sound(sound, tmp_path):
    silent_end = sound("a.wav", ["aevalsrc='if(lt(t,1),sin(900*t),0)':d=4"])
    waveform = read_waveform(silent_end, tmp_path)
    assert waveform.status == "ok"
    assert waveform.seconds == pytest.approx(4, abs=0.01)


def test_sound_beyond_the_time_limit_is_left_and_said(sound, tmp_path):
    waveform = read_waveform(sound("a.wav", ["sine=duration=3"]), tmp_path, max_seconds=1)
    assert waveform.status == "truncated"
    assert waveform.seconds == pytest.approx(1, abs=0.01)
    assert "time limit" in waveform.reason


def test_silence_at_the_time_limit_is_not_taken_for_a_broken_file(sound, tmp_path):
    quiet = sound("a.wav", ["anullsrc=duration=3"])
    waveform = read_waveform(quiet, tmp_path, max_seconds=1)
    assert waveform.seconds == pytest.approx(1, abs=0.01)
    assert "time limit" in waveform.reason

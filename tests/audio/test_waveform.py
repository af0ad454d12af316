import re
import struct
import threading

import numpy as np
import pytest

from devaflow import recording
from devaflow.audio import waveform as module
from devaflow.audio.waveform import read_waveform
from devaflow.recording import ffmpeg

PICTURES = "testsrc=size=64x64:rate=25:duration={}"


@pytest.mark.parametrize("name", ["a.wav", "a.mp4", "a.mkv", "a.mpg", "10:30 a.m4a"])
def test_sound_is_taken_at_44100_hz_with_its_duration(sound, tmp_path, name):
    waveform = read_waveform(sound(name, ["sine=frequency=300:duration=2"]), tmp_path)
    assert waveform.status == "ok"
    assert waveform.rate == 44100
    assert waveform.samples.dtype == np.int16
    assert waveform.samples.shape[1] == 2
    assert waveform.seconds == pytest.approx(2, abs=0.1)
    assert [left.name for left in tmp_path.iterdir()] == [name], "the wav file is gone again"


def test_frames_beside_the_sound_do_not_matter(sound, tmp_path):
    both = sound("a.mp4", [PICTURES.format(1), "sine=duration=1"])
    assert read_waveform(both, tmp_path).status == "ok"


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4", "late.flv"])
def test_a_clip_that_starts_late_lacks_nothing(sound, tmp_path, name):
    whole = sound("a.mp4", [PICTURES.format(2), "sine=duration=2"])
    late = sound(name, [], "-i", str(whole), "-output_ts_offset", "5", "-c", "copy")
    waveform = read_waveform(late, tmp_path)
    assert (waveform.status, waveform.reason) == ("ok", "")
    assert waveform.seconds == pytest.approx(2, abs=0.1)


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


def test_the_reason_is_the_same_in_every_run_and_folder(tmp_path):
    reasons = set()
    for folder in (tmp_path / "one", tmp_path / "another"):
        folder.mkdir()
        (folder / "garbage.mp4").write_bytes(bytes(range(256)) * 40)
        reasons.add(read_waveform(folder / "garbage.mp4", folder).reason)
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


def test_hours_of_silence_in_a_few_bytes_are_read_up_to_the_limit(sound, tmp_path):
    part = sound("part.mka", ["anullsrc=r=8000:cl=mono:duration=600"], "-c:a", "flac")
    hours = sound("hours.mka", [], "-stream_loop", "17", "-i", str(part), "-c", "copy")
    assert hours.stat().st_size < 2 * 10**6
    waveform = read_waveform(hours, tmp_path, max_seconds=2)
    assert waveform.status == "truncated"
    assert waveform.seconds == pytest.approx(2, abs=0.01)
    assert "of 10800" in waveform.reason


def test_silence_at_the_time_limit_is_not_taken_for_a_broken_file(sound, tmp_path):
    quiet = sound("a.wav", ["anullsrc=duration=3"])
    waveform = read_waveform(quiet, tmp_path, max_seconds=1)
    assert waveform.seconds == pytest.approx(1, abs=0.01)
    assert "time limit" in waveform.reason


# What ffmpeg can decode is not lost to MoviePy, which reads ffmpeg's text.


def piped(source, kind, path):
    """Make a file through a pipe, where no writer goes back to note the duration."""
    path.write_bytes(ffmpeg("-f", "lavfi", "-i", source, "-f", kind, "-").stdout)
    assert b"Duration: N/A" in ffmpeg("-i", str(path)).stderr
    return path


def declaring(seconds, matroska):
    """The bytes of a Matroska file with another duration (element 4489, milliseconds)."""
    place = matroska.index(b"\x44\x89\x88") + 3
    return matroska[:place] + struct.pack(">d", 1000 * seconds) + matroska[place + 8 :]


def without_durations(mp4):
    """The bytes of an mp4 file whose movie, track and media headers all declare no time at all."""
    changed = bytearray(mp4)
    for box, offset in [(b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)]:
        for found in re.finditer(box, mp4):
            changed[found.start() + offset : found.start() + offset + 4] = bytes(4)
    return bytes(changed)


@pytest.mark.parametrize(("name", "kind"), [("a.mkv", "matroska"), ("a.webm", "webm")])
def test_a_container_without_a_duration_sounds_as_one_with_it(sound, tmp_path, name, kind):
    source = "anoisesrc=duration=2:seed=1,volume=4"
    expected = read_waveform(sound(name, [source]), tmp_path)
    waveform = read_waveform(piped(source, kind, tmp_path / "piped"), tmp_path)
    assert waveform.status == "ok"
    assert waveform.samples.dtype == np.int16
    common = min(len(expected.samples), len(waveform.samples))
    assert common > 1.95 * 44100
    assert np.array_equal(waveform.samples[:common], expected.samples[:common])


def test_an_mp4_that_declares_no_time_is_heard(sound, tmp_path):
    whole = sound("a.mp4", ["sine=duration=2"])
    whole.write_bytes(without_durations(whole.read_bytes()))
    assert b"Duration: N/A" in ffmpeg("-i", str(whole)).stderr
    waveform = read_waveform(whole, tmp_path)
    assert waveform.status == "ok"
    assert waveform.seconds == pytest.approx(2, abs=0.1)


def test_without_a_duration_the_time_limit_holds(sound, tmp_path):
    endless = piped("sine=duration=3", "matroska", tmp_path / "piped")
    waveform = read_waveform(endless, tmp_path, max_seconds=1)
    assert waveform.status == "truncated"
    assert waveform.seconds == pytest.approx(1, abs=0.01)
    assert "time limit" in waveform.reason


CHAPTER = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=Duration: 1\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.mov", ["-timecode", "01:00:00:00"]),
        ("a.mkv", ["-i", "chapters.txt", "-map_chapters", "2"]),
        ("a.mkv", ["-metadata", "two\nlines=x"]),
        ("a.mkv", ["-metadata", "x\n    Stream #0:7 Video: x=y"]),
        ("a.mov", ["-movflags", "use_metadata_tags", "-metadata", "x\n  Duration: 00:00:01.00=y"]),
    ],
)
def test_words_in_a_file_do_not_cost_its_voice(sound, tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chapters.txt").write_text(CHAPTER)
    odd = sound(name, [PICTURES.format(2), "sine=duration=2"], *words)
    waveform = read_waveform(odd, tmp_path)
    assert (waveform.status, waveform.reason) == ("ok", "")
    assert waveform.seconds == pytest.approx(2, abs=0.1)


def test_the_length_is_that_of_the_track_that_is_heard(sound, tmp_path):
    silence_at_end = "aevalsrc='if(lt(t,3),sin(900*t),0)|0':d=4"
    tracks = ["-map", "0", "-map", "1", "-map", "2", "-disposition:a:1", "default"]
    both = sound("a.mkv", [PICTURES.format(4), "sine=duration=1", silence_at_end], *tracks)
    waveform = read_waveform(both, tmp_path)
    assert waveform.status == "ok"
    assert waveform.seconds == pytest.approx(4, abs=0.1)


def test_what_is_no_regular_file_is_unreadable(tmp_path):
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "folder.mp4").mkdir()
    assert read_waveform(tmp_path / "loop.mp4", tmp_path).status == "unreadable"
    assert read_waveform(tmp_path / "folder.mp4", tmp_path).reason == "not a regular file"


@pytest.mark.parametrize("hours", [2, 101])
def test_a_declared_duration_without_sound_is_not_the_time_limit(sound, tmp_path, hours):
    whole = sound("a.mkv", [PICTURES.format(2), "sine=duration=2"])
    whole.write_bytes(declaring(3600 * hours, whole.read_bytes()))
    waveform = read_waveform(whole, tmp_path, max_seconds=20)
    assert waveform.status == "truncated"
    assert waveform.reason == f"2.0 s of sound in a clip of {3600 * hours:.1f} s"
    assert waveform.seconds == pytest.approx(2, abs=0.1)


def test_a_declared_duration_of_next_to_nothing_is_not_believed(sound, tmp_path):
    whole = sound("a.mkv", ["sine=duration=2"])
    whole.write_bytes(declaring(0.02, whole.read_bytes()))
    waveform = read_waveform(whole, tmp_path)
    assert waveform.status == "ok"
    assert waveform.seconds == pytest.approx(2, abs=0.1)


def test_a_file_that_ffmpeg_complains_much_about_does_not_hang(sound, tmp_path):
    noise = sound("a.mp4", ["anoisesrc=duration=60"], "-movflags", "+faststart")
    content = np.frombuffer(noise.read_bytes(), dtype=np.uint8).copy()
    chance = np.random.default_rng(1)
    places = chance.integers(
        noise.read_bytes().index(b"mdat") + 8, len(content), len(content) // 40
    )
    content[places] ^= 1 << chance.integers(0, 8, len(places), dtype=np.uint8)
    noise.write_bytes(content.tobytes())
    assert len(ffmpeg("-i", str(noise), "-f", "null", "-").stderr) > 2**16
    waveform = read_waveform(noise, tmp_path)
    assert waveform.status == "truncated"
    assert "s of sound in a clip of 60.0 s" in waveform.reason


def test_moviepy_that_does_not_end_is_left_behind(sound, tmp_path, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(module, "ffmpeg_parse_infos", lambda path: over.wait())
    monkeypatch.setattr(module, "TIME_OUT", 0.2)
    waveform = read_waveform(sound("a.wav", ["sine=duration=1"]), tmp_path)
    over.set()
    assert waveform.status == "ok"
    assert waveform.seconds == 1


def test_the_probe_for_space_after_moviepy_failed_is_bounded(sound, tmp_path, monkeypatch):
    def parse(path):
        raise ValueError(path)

    asked = []
    monkeypatch.setattr(module, "ffmpeg_parse_infos", parse)
    monkeypatch.setattr(module, "require_space", lambda folder, size: asked.append(size))
    monkeypatch.setattr(module, "LONGEST_PROBE", 1.0)
    assert read_waveform(sound("a.wav", ["sine=duration=2"]), tmp_path).status == "ok"
    assert asked == [44100 * 4]


def test_ffmpeg_that_does_not_end_makes_a_clip_unreadable(sound, tmp_path, monkeypatch):
    whole = sound("a.wav", ["sine=duration=1"])
    monkeypatch.setattr(recording, "TIME_OUT", 0.0001)
    waveform = read_waveform(whole, tmp_path)
    assert waveform.status == "unreadable"
    assert "did not end" in waveform.reason

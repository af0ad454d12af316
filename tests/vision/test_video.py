import hashlib
import random
import re
import struct
import zlib

import cv2
import pytest

from devaflow import recording
from devaflow.vision.video import Video, declared_seconds


def play(path, max_seconds=60.0, max_pixels=10**6):
    video = Video(path, max_seconds, max_pixels)
    shapes = [frame.shape for frame in video]
    return video, shapes


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.mpg", "a.webm"])
def test_a_whole_video_lacks_nothing(pattern, name):
    video, shapes = play(pattern(name, 1))
    assert shapes == [(120, 160, 3)] * 25
    assert video.fps == 25
    assert video.shortfall() == ""


@pytest.mark.parametrize("arguments", [("a.mp4", "-movflags", "+faststart"), ("a.avi",)])
def test_half_a_file_delivers_fewer_frames_than_it_declares(pattern, arguments):
    whole = pattern(arguments[0], 4, *arguments[1:])
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    video, shapes = play(whole)
    assert 10 < len(shapes) < 95
    assert video.shortfall().startswith(f"{len(shapes)} of 1")


@pytest.mark.parametrize("name", ["a.webm", "a.mkv", "a.flv"])
def test_half_a_file_that_tells_its_duration_alone_is_cut_short(pattern, name):
    whole = pattern(name, 4)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    video, shapes = play(whole)
    assert 10 < len(shapes) < 95
    assert re.fullmatch(r"the frames end after [12]\.\d s of 4\.0 s", video.shortfall())


@pytest.mark.parametrize("name", ["late.mkv", "late.webm", "late.mp4", "late.flv"])
def test_a_clip_that_starts_late_is_whole(pattern, name):
    video, shapes = play(pattern(name, 1, "-output_ts_offset", "5"))
    assert len(shapes) == 25
    assert video.shortfall() == ""


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.mp4"])
def test_of_a_rate_that_changes_the_mean_counts(pattern, name):
    slower = ["-vf", "select=lt(t\\,2)+not(mod(n\\,5))", "-fps_mode", "vfr"]
    video, shapes = play(pattern(name, 6, *slower))
    assert len(shapes) == 70
    assert video.fps == pytest.approx(70 / 6, rel=0.1)
    assert video.shortfall() == ""


def test_an_mp4_in_fragments_counts_no_frames_and_is_whole(pattern):
    sound = ["-f", "lavfi", "-i", "sine=duration=3.2"]
    video, shapes = play(pattern("a.mp4", 3, *sound, "-movflags", "frag_keyframe+empty_moov"))
    assert len(shapes) == 75
    assert (video.declared, video.shortfall()) == (None, "")


def test_a_box_that_claims_to_be_larger_than_its_file_is_no_error(pattern):
    path = pattern("a.mp4", 0.4, "-movflags", "+faststart")
    content = path.read_bytes()
    index = content.index(b"moov") - 4
    claim = struct.pack(">I4sQ", 1, b"udta", 2**63 - 1)
    path.write_bytes(content[:index] + claim + content[index:])
    video, _ = play(path)
    assert video.declared == 10
    video.shortfall()


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg"])
def test_an_avi_that_dropped_frames_is_whole_until_it_is_cut(pattern, codec):
    dropped = ["-vf", "select=gt(mod(n\\,10)\\,0)", "-fps_mode", "vfr", "-c:v", codec]
    path = pattern("a.avi", 4, *dropped)
    video, shapes = play(path)
    assert 85 <= len(shapes) < video.declared - 1
    assert video.shortfall() == ""
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    video, shapes = play(path)
    assert video.shortfall().startswith(f"{len(shapes)} of ")


@pytest.fixture
def copied(pattern, ffmpeg):
    """Make an AVI of two seconds whose rate is a clock's, as copying out of an mp4 leaves it."""

    def make(*arguments):
        whole = pattern("whole.mp4", 2, *arguments)
        return ffmpeg("copied.avi", "-i", str(whole), "-c", "copy")

    return make


@pytest.mark.parametrize("frames", ["0", "2"])
def test_an_avi_that_tells_the_rate_of_a_clock_has_that_of_its_frames(copied, frames):
    path = copied("-bf", frames)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == 600
    video, shapes = play(path)
    assert len(shapes) == 50
    assert video.fps == pytest.approx(25)
    assert video.declared is None
    assert video.shortfall() == ""


def test_the_time_limit_counts_frames_and_not_ticks(copied):
    video, shapes = play(copied(), max_seconds=1)
    assert len(shapes) == pytest.approx(25, abs=1)
    assert video.cut


def test_a_part_of_an_avi_that_counts_ticks_is_cut_short(copied):
    whole = copied()
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    video, shapes = play(whole)
    assert 10 < len(shapes) < 35
    assert video.fps == pytest.approx(25)
    assert re.fullmatch(r"the frames end after \d\.\d s of 2\.0 s", video.shortfall())


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.webm"])
def test_a_high_rate_that_the_frames_have_is_believed(pattern, name):
    video, shapes = play(pattern(name, 0.2, "-r", "240"))
    assert (len(shapes), video.fps, video.shortfall()) == (48, 240, "")


def test_a_clip_cut_without_recoding_is_whole(pattern, ffmpeg):
    whole = pattern("whole.mp4", 4)
    cut = ffmpeg("cut.mp4", "-ss", "1.5", "-i", str(whole), "-t", "2", "-c", "copy")
    video, shapes = play(cut)
    assert 49 <= len(shapes) < 62, "frames before the cut are stored, but hidden"
    assert video.shortfall() == ""


def test_sound_that_outlasts_the_frames_does_not_make_them_few(pattern):
    sound = ["-f", "lavfi", "-i", "sine=duration=4"]
    video, shapes = play(pattern("a.mp4", 1, *sound))
    assert len(shapes) == 25
    assert video.shortfall() == ""


@pytest.mark.parametrize(("name", "declared"), [("a.mp4", 25), ("a.avi", 25), ("a.mpg", None)])
def test_counting_decodes_to_the_end(pattern, name, declared):
    video = Video(pattern(name, 1), 60.0, 10**6)
    assert video.count() == video.delivered == 25
    assert video.declared == declared
    assert video.shortfall() == ""


def test_counting_stops_at_the_time_limit(pattern):
    video = Video(pattern("a.mp4", 2), 1.0, 10**6)
    assert video.count() == 25
    assert video.cut


def test_reading_stops_at_the_time_limit(pattern):
    video, shapes = play(pattern("a.mp4", 2), max_seconds=1)
    assert len(shapes) == 25
    assert video.shortfall() == "only the first 25 frames are used (the time limit)"


def test_a_video_as_long_as_the_limit_is_whole(pattern):
    video, _ = play(pattern("a.mp4", 1), max_seconds=1)
    assert video.shortfall() == ""


def test_a_frame_that_is_shown_for_longer_than_the_limit_is_read(ffmpeg):
    still = ffmpeg("a.mp4", "-f", "lavfi", "-i", "color=gray:size=16x16:rate=1/90:duration=90")
    video, shapes = play(still, max_seconds=60)
    assert len(shapes) == 1
    assert not video.cut


def test_large_frames_are_refused_and_those_at_the_limit_are_not(pattern):
    path = pattern("a.mp4", 0.2)
    with pytest.raises(OSError, match=r"160 x 120 pixels exceed vision\.limits\.max_pixels"):
        play(path, max_pixels=160 * 120 - 1)
    assert len(play(path, max_pixels=160 * 120)[1]) == 5


@pytest.fixture
def vast(ffmpeg):
    """Make a file of some kilobytes whose frames are said to be `side` x `side`."""

    def make(side):
        source = ["-f", "lavfi", "-i", "color=gray:size=64x64:rate=25:duration=0.2"]
        path = ffmpeg("vast.mov", *source, "-c:v", "png", "-pix_fmt", "rgb24")
        content = bytearray(path.read_bytes())
        for found in re.finditer(b"IHDR", bytes(content)):
            start = found.start()
            content[start + 4 : start + 12] = struct.pack(">II", side, side)
            checksum = zlib.crc32(content[start : start + 17])
            content[start + 17 : start + 21] = struct.pack(">I", checksum)
        path.write_bytes(content)
        return path

    return make


def test_vast_frames_in_a_small_file_are_refused(vast):
    with pytest.raises(OSError, match=r"16000 x 16000 pixels exceed vision\.limits\.max_pixels"):
        Video(vast(16_000), 60, 4096**2)


def test_frames_beyond_what_ffmpeg_takes_are_none(vast):
    assert Video(vast(100_000), 60, 4096**2).count() == 0


def test_an_hour_in_a_few_bytes_is_read_up_to_the_limit(ffmpeg):
    source = "color=gray:size=16x16:rate=25:duration=20"
    part = ffmpeg("part.mp4", "-f", "lavfi", "-i", source, "-g", "500")
    hour = ffmpeg("hour.mp4", "-stream_loop", "179", "-i", str(part), "-c", "copy")
    assert declared_seconds(hour) == pytest.approx(3600, abs=10)
    video, shapes = play(hour, max_seconds=2)
    assert len(shapes) == 50
    assert video.cut


def decoded(capture):
    """A checksum of all frames."""
    digest = hashlib.sha256()
    while True:
        there, frame = capture.read()
        if not there:
            return digest.hexdigest()
        digest.update(frame.tobytes())


def test_a_damaged_stream_gives_the_same_frames_on_any_number_of_cores(pattern):
    """With more threads ffmpeg would conceal the damage in another way."""
    path = pattern("a.mp4", 2, "-movflags", "+faststart", "-g", "50")
    content, chance = bytearray(path.read_bytes()), random.Random(1)
    for _ in range(40):
        content[chance.randrange(content.index(b"mdat") + 1000, len(content))] ^= 1
    path.write_bytes(content)
    checksums = {}
    for threads in (1, 4):
        settings = [cv2.CAP_PROP_N_THREADS, threads]
        checksums[threads] = decoded(cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, settings))
    assert checksums[1] != checksums[4], "this damage shows no difference: the test shows nothing"
    digest = hashlib.sha256()
    for frame in Video(path, 60, 10**6):
        digest.update(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR).tobytes())
    assert digest.hexdigest() == checksums[1]


def test_what_cannot_be_opened_says_why(tmp_path, ffmpeg):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "clip_01.mp4").write_bytes(bytes(range(256)) * 40)
    sound = ffmpeg("sound.mp4", "-f", "lavfi", "-i", "sine=duration=0.5")
    for path, reason in [
        (tmp_path / "none.mp4", "no such file"),
        (tmp_path / "empty.mp4", "empty"),
        (tmp_path / "loop.mp4", "symbolic links"),
        (tmp_path / "folder.mp4", "not a regular file"),
        (tmp_path / "clip_01.mp4", "no video stream"),
        (sound, "no video stream"),
    ]:
        with pytest.raises(OSError, match=reason):
            Video(path, 60, 10**6)


def test_the_declared_duration_is_the_containers(pattern, tmp_path):
    assert declared_seconds(pattern("a.mp4", 2)) == 2.0
    assert declared_seconds(tmp_path / "none.mp4") is None


def test_no_duration_is_had_where_ffmpeg_does_not_end(pattern, monkeypatch):
    whole = pattern("a.mp4", 0.2)
    monkeypatch.setattr(recording, "TIME_OUT", 0.0001)
    assert declared_seconds(whole) is None

import pytest

from devaflow import recording
from devaflow.vision.video import Video, declared_seconds


def play(path, max_seconds=60.0, max_pixels=10**6):
    video = Video(path, max_seconds, max_pixels)
    shapes = [picture.shape for picture in video]
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


def test_a_clip_cut_without_recoding_is_whole(pattern, ffmpeg):
    whole = pattern("whole.mp4", 4)
    cut = ffmpeg("cut.mp4", "-ss", "1.5", "-i", str(whole), "-t", "2", "-c", "copy")
    video, shapes = play(cut)
    assert 49 <= len(shapes) < 62, "frames before the cut are stored, but hidden"
    assert video.shortfall() == ""


def test_sound_that_outlasts_the_pictures_does_not_make_them_few(pattern):
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


def test_large_pictures_are_scaled_down(pattern):
    _, shapes = play(pattern("a.mp4", 0.2), max_pixels=80 * 60)
    assert set(shapes) == {(60, 80, 3)}


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

import errno
import os
from pathlib import Path

import pytest

from devaflow import recording
from devaflow.errors import InputError
from devaflow.recording import duration_told, ends_early, ffmpeg, present


def test_a_recording_is_given_with_its_whole_path(tmp_path, monkeypatch):
    (tmp_path / "12:30.mp4").write_bytes(b"film")
    (tmp_path / "link.mp4").symlink_to("12:30.mp4")
    monkeypatch.chdir(tmp_path)
    for name in ["12:30.mp4", "link.mp4"]:
        assert present(Path(name)) == tmp_path / name


def test_what_is_no_recording_says_why(tmp_path):
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "lost.mp4").symlink_to("gone.mp4")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    for path, reason in [
        (tmp_path / "gone.mp4", "no such file"),
        (tmp_path / "lost.mp4", "no such file"),
        (tmp_path / "empty.mp4" / "a.mp4", "no such file"),
        (tmp_path / "nul\0.mp4", "no such file"),
        (tmp_path / "loop.mp4", "symbolic links"),
        (tmp_path / ("long" * 100), "name too long"),
        (tmp_path / "folder.mp4", "not a regular file"),
        (tmp_path / "pipe.mp4", "not a regular file"),
        (Path(os.devnull), "not a regular file"),
        (tmp_path / "empty.mp4", "the file is empty"),
    ]:
        with pytest.raises(OSError, match=reason) as raised:
            present(path)
        assert str(tmp_path) not in str(raised.value)


def test_a_list_of_other_recordings_is_none(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("ffconcat version 1.0\nfile b.mp4\n")
    with pytest.raises(OSError, match="a list of other files"):
        present(path)


def test_a_disk_that_does_not_answer_is_no_fault_of_a_recording(tmp_path, monkeypatch):
    def stale(path):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "stat", stale)
    with pytest.raises(InputError, match=r"a\.mp4: cannot be looked at \(Stale file handle\)"):
        present(tmp_path / "a.mp4")


def test_ffmpeg_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setattr(recording, "TIME_OUT", 0.2)
    with pytest.raises(OSError, match=r"did not end within 0\.2 s"):
        ffmpeg("-re", "-f", "lavfi", "-i", "anullsrc=duration=60", "-f", "null", "-")


def test_of_all_that_ffmpeg_says_the_beginning_is_kept(monkeypatch):
    monkeypatch.setattr(recording, "MOST_SAID", 2**17)
    source = "testsrc=size=16x16:duration=60"
    answer = ffmpeg("-f", "lavfi", "-i", source, "-vf", "showinfo", "-f", "rawvideo", "-")
    assert (answer.returncode, len(answer.stdout)) == (0, 60 * 25 * 16 * 16 * 3)
    assert answer.stderr.startswith(b"Input #0, lavfi")
    assert len(answer.stderr) == 2**17


def test_ffmpeg_that_does_not_start_is_no_fault_of_a_recording(tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path))
    with pytest.raises(InputError, match="reinstall imageio-ffmpeg"):
        ffmpeg("-version")


def test_the_duration_is_the_containers_and_no_titles():
    title = b"  Metadata:\n    title           : Duration: 00:00:01.00\n"
    assert duration_told(title) is None
    assert duration_told(title + b"  Duration: 101:02:03.50, start: 0.000000\n") == 363723.5
    assert duration_told(b"  Duration: N/A, bitrate: N/A\n") is None


@pytest.mark.parametrize("told", [b"00:00:1.2.3", b"99:00:00.00", b"00:00:.", b"00:00:01.00."])
def test_a_tag_whose_name_spans_lines_tells_no_duration(told):
    tag = b"    x\n  Duration: " + told + b": y\n"
    duration, stream = b"  Duration: 00:00:02.50, start: 0.000000\n", b"  Stream #0:0: Video\n"
    assert duration_told(tag + duration + stream + tag) == 2.5


@pytest.mark.parametrize(
    ("kind", "start", "seconds"),
    [
        (b"matroska,webm", b"5.000000", 2.5),
        (b"matroska,webm", b"-0.007000", 7.5),
        (b"matroska,webm", b"9.000000", 7.5),
        (b"mov,mp4,m4a", b"5.000000", 7.5),
    ],
)
def test_a_duration_that_counts_from_zero_does_not_hold_what_lies_before_the_start(
    kind, start, seconds
):
    told = b"Input #0, %s, from 'a':\n  Duration: 00:00:07.50, start: %s, bitrate: 9 kb/s\n"
    assert duration_told(told % (kind, start)) == seconds


@pytest.mark.parametrize(
    ("reached", "declared", "early"),
    [
        (0.6, 1.0, False),
        (0.4, 1.0, True),
        (9.1, 10.0, False),
        (8.9, 10.0, True),
        (1.0, None, False),
    ],
)
def test_what_lacks_half_a_second_and_a_tenth_is_cut_short(reached, declared, early):
    assert ends_early(reached, declared) == early

"""A recording as it lies on disk, and ffmpeg at work on it within bounds."""

import errno
import os
import re
import stat
import subprocess
import threading
from pathlib import Path

import imageio_ffmpeg

from devaflow.errors import InputError

# Long enough for ten minutes of 4K on a slow disk: only what would never end meets it.
TIME_OUT = 300.0
# Of what ffmpeg says: it begins with what a file is, and may complain of each of its packets.
MOST_SAID = 2**20  # bytes
# Of the errors of a file system those that a file has for good. Others pass: a network disk that
# does not answer, a machine that is out of handles.
LASTING = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG}
# How a text begins in which ffmpeg looks up what to play, whatever the name of its file.
PLAYLIST = b"ffconcat"
# A container's duration is that of the longer of its sound and frames, which seldom end together.
# What is cut short lacks this much of it, in seconds and as a share.
LACKING_SECONDS = 0.5
LACKING_SHARE = 0.1
# At the margin of two spaces: a title may hold the same words, but further in. The name of a tag
# may stand there as well, in front of it.
DURATION = re.compile(
    rb"^  Duration: (\d+):(\d+):(\d+(?:\.\d+)?)(?:, start: (?P<start>\d+(?:\.\d+)?))?",
    re.MULTILINE,
)
STREAM = re.compile(rb"^ {2,4}Stream #", re.MULTILINE)
# Its duration counts from zero, even where the first sound and frame come later.
MATROSKA = re.compile(rb"^Input #0, matroska", re.MULTILINE)


def present(path: Path) -> Path:
    """Give the absolute path of a recording; raise OSError, with the reason, if none is there.

    Raises InputError where that cannot be told now.

    Absolute, for ffmpeg takes a name such as "12:30.mp4" for a network address. The reason holds
    no path, so that the tables of two machines do not differ.
    """
    path = path.absolute()
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise OSError("no such file") from None
    except OSError as error:
        if error.errno in LASTING:
            raise OSError(error.strerror) from error
        raise InputError(f"{path}: cannot be looked at ({error.strerror}); run again") from error
    if not stat.S_ISREG(found.st_mode):
        raise OSError("not a regular file")
    if found.st_size == 0:
        raise OSError("the file is empty")
    if not os.access(path, os.R_OK):
        raise OSError("it may not be read (permission denied)")
    if _beginning(path, len(PLAYLIST)) == PLAYLIST:
        raise OSError("a list of other files, not a recording")
    return path


def _beginning(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise OSError(error.strerror) from error


def ffmpeg(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg and keep what it writes, and the first MOST_SAID bytes of what it says.

    Raises OSError where it does not end within TIME_OUT, and InputError where it does not start:
    that is no fault of the recording.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", *arguments]
    source, sink = os.pipe()
    said = bytearray()
    listener = threading.Thread(target=_keep_beginning, args=(source, said), daemon=True)
    listener.start()
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            check=False,
            timeout=TIME_OUT,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"ffmpeg did not end within {TIME_OUT:g} s") from None
    except OSError as error:
        raise InputError(
            f"{command[0]}: does not start ({error.strerror}); reinstall imageio-ffmpeg, or set "
            f"IMAGEIO_FFMPEG_EXE to an ffmpeg that works"
        ) from error
    finally:
        os.close(sink)
    listener.join(TIME_OUT)
    answer.stderr = bytes(said)
    return answer


def _keep_beginning(source: int, kept: bytearray) -> None:
    """Read all, so that the writer need not wait, but keep MOST_SAID bytes."""
    with open(source, "rb", buffering=0) as stream:
        while part := stream.read(2**16):
            kept += part[: MOST_SAID - len(kept)]


def duration_told(text: bytes) -> float | None:
    """How many seconds a container says that it holds, out of what ffmpeg says of a file.

    From the first sound or frame on; None if unknown.
    """
    told = list(DURATION.finditer(STREAM.split(text, maxsplit=1)[0]))
    if not told:
        return None
    found = told[-1]
    hours, minutes, seconds = (float(part) for part in found.groups()[:3])
    duration = 3600 * hours + 60 * minutes + seconds
    start = float(found["start"] or 0) if MATROSKA.search(text) else 0.0
    # Not every program that writes Matroska counts from zero: a later start is not in it.
    return duration - start if start < duration else duration


def ends_early(reached: float, declared: float | None) -> bool:
    """Whether sound or frames that reach so far, in seconds, are cut short; False if unknown."""
    if declared is None:
        return False
    return declared - reached > max(LACKING_SECONDS, LACKING_SHARE * declared)

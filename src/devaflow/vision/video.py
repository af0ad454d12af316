"""A video read frame by frame within bounds, and what is known of its completeness afterwards."""

import math
import os
import struct
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from devaflow.jobs import log
from devaflow.recording import duration_told, ends_early, ffmpeg, present

# Bounds where a caller names none: ten minutes, 4096 x 4096.
LONGEST = 600.0
LARGEST = 4096**2
USUAL_RATE = 25.0
HIGHEST_RATE = 120.0
RATE_SLACK = 0.1  # a share: a moment is told in whole milliseconds
# Sound may outlast the last frame by a few audio packets.
DURATION_SLACK = 0.25
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
FRAGMENTED = "fragmented mp4"
LONGEST_INDEX = 2**20  # bytes; one that counts no frames is short
TIMED = {b"\x1aE\xdf\xa3": "matroska", b"FLV\x01": "flv"}  # Matroska, and WebM, which is one


class Video:
    """The frames of one file, decoded by OpenCV's ffmpeg; never more than one in memory.

    delivered: how many frames iteration has given so far.
    cut: whether iteration stopped at `max_seconds`.
    Raises OSError, with the reason, for a file in which no video stream can be decoded, and for
    one with larger frames than `max_pixels`.
    """

    def __init__(self, path: Path, max_seconds: float, max_pixels: int) -> None:
        """Open `path`; it is decoded only where the rate of its frames must be sought."""
        self.path = present(path)
        self._container = _container(self.path)
        self._capture = _opened(self.path)
        self.width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        # Refused before one is decoded: ffmpeg takes up to 2**28 pixels, 4 GB in this process.
        if self.width * self.height > max_pixels:
            self.close()
            raise OSError(
                f"frames of {self.width} x {self.height} pixels exceed vision.limits.max_pixels"
            )
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._declared_rate = rate if math.isfinite(rate) and rate > 0 else USUAL_RATE
        self._rate = self._declared_rate
        if self._rate > HIGHEST_RATE:
            shown = _shown_rate(self.path, max_seconds)
            # Moments in whole milliseconds are too coarse to correct a rate that is merely high.
            self._rate = shown if 0 < shown < self._rate / 2 else self._rate
        self.delivered = 0
        self.cut = False
        self._begin = self._moment = 0.0  # of the first and the last frame, in seconds
        # The only frame of a talk may be shown for longer than the limit.
        self._most = max(1, int(max_seconds * min(self._rate, HIGHEST_RATE)))

    @property
    def fps(self) -> float:
        """Frames a second: the declared rate, or 25 where none is declared.

        A file that declares the ticks of a clock, such as an AVI whose frames were copied from
        another container, has the rate at which they are shown. Matroska, WebM and FLV, which time
        each frame, have the mean rate so far where it differs from these by more than RATE_SLACK.
        """
        shown = self._moment - self._begin
        if self._container in TIMED.values() and shown > 0:
            mean = (self.delivered - 1) / shown
            return mean if abs(mean / self._rate - 1) > RATE_SLACK else self._rate
        return self._rate

    def __iter__(self) -> Iterator[np.ndarray]:
        """Give each frame as uint8 [height, width, RGB]."""
        while True:
            there, frame = self._capture.read()
            if not there:
                return
            if self.delivered == self._most:
                self.cut = True
                return
            self._took_one()
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def count(self) -> int:
        """Decode to the end without giving a frame; return how many there are."""
        while self._capture.grab():
            if self.delivered == self._most:
                self.cut = True
                break
            self._took_one()
        return self.delivered

    def _took_one(self) -> None:
        self.delivered += 1
        # In an AVI the last frames may have none, which OpenCV gives as 0.
        self._moment = max(self._moment, self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        if self.delivered == 1:
            self._begin = self._moment

    @cached_property
    def declared(self) -> int | None:
        """How many frames the container says that it holds.

        Only AVI and the MP4 family store a count, and of the latter none that is written in
        fragments. OpenCV makes one up for other containers from their duration, and that of an
        MPEG program stream is itself guessed: None for those, and for an AVI that counts the ticks
        of a clock.
        """
        if self._container not in ("avi", "mp4") or self._counts_ticks:
            return None
        return int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))

    def shortfall(self) -> str:
        """Say why the frames that were delivered are not all; empty where they are."""
        if self.cut:
            return f"only the first {self.delivered} frames are used (the time limit)"
        if self._container in (*TIMED.values(), FRAGMENTED):
            return self._early_end(declared_seconds(self.path))
        if self._counts_ticks:
            ticks = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
            return self._early_end(ticks / self._declared_rate)
        declared = self.declared
        if declared is None or self.delivered >= declared - 1:
            return ""
        # A clip cut out without re-encoding keeps hidden frames before its first one. They are
        # counted and rightly not delivered; the duration does not contain them.
        if self._container == "mp4" and self._fills(declared_seconds(self.path)):
            return ""
        # In place of a frame that was dropped an AVI holds nothing, and counts it.
        if self._container == "avi" and self._moment >= declared / self.fps - DURATION_SLACK:
            return ""
        return f"{self.delivered} of {declared} declared frames"

    @property
    def _counts_ticks(self) -> bool:
        return self._container == "avi" and self._rate < self._declared_rate

    def _early_end(self, seconds: float | None) -> str:
        if not ends_early(self._moment, seconds):
            return ""
        return f"the frames end after {self._moment:.1f} s of {seconds:.1f} s"

    def _fills(self, seconds: float | None) -> bool:
        return seconds is not None and self.delivered / self.fps >= seconds - DURATION_SLACK

    def close(self) -> None:
        """Release the decoder."""
        self._capture.release()


def _container(path: Path) -> str:
    """What kind of file it is, as far as that matters here; empty for any other."""
    with open(path, "rb") as stream:
        head = stream.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"AVI ":
        return "avi"
    if head[4:8] in MP4_BOXES:
        return FRAGMENTED if _in_fragments(path) else "mp4"
    return TIMED.get(head[:4], "")


def _in_fragments(path: Path) -> bool:
    """Whether the index of an MP4 tells of fragments (box mvex, ISO/IEC 14496-12): these hold the
    frames, which it does not count.
    """
    whole = path.stat().st_size
    with open(path, "rb") as stream:
        while len(head := stream.read(8)) == 8:
            size, kind = struct.unpack(">I4s", head)
            if kind == b"moov":
                return b"mvex" in stream.read(LONGEST_INDEX)
            if size == 1:  # its size follows, in 64 bits
                head += stream.read(8)
                size = int.from_bytes(head[8:], "big")
            if not len(head) <= size <= whole:
                return False
            stream.seek(size - len(head), os.SEEK_CUR)
    return False


def _opened(path: Path) -> cv2.VideoCapture:
    # Where ffmpeg fails, OpenCV would go on to take a name with digits for a series of pictures.
    # One thread: a damaged stream decodes to other frames with another number of threads.
    settings = [cv2.CAP_PROP_N_THREADS, 1]
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, settings)
    if not capture.isOpened():
        raise OSError("no video stream that ffmpeg can decode")
    return capture


def _shown_rate(path: Path, max_seconds: float) -> float:
    """Frames a second by the moments at which they are shown; 0 where these do not tell."""
    capture = _opened(path)
    moments: list[float] = []
    while len(moments) < HIGHEST_RATE * max_seconds and capture.grab():
        moments.append(capture.get(cv2.CAP_PROP_POS_MSEC))
        if moments[-1] > 1000 * max_seconds:
            break
    capture.release()
    last = int(np.argmax(moments)) if moments else 0
    return 1000 * last / (moments[last] - moments[0]) if last else 0.0


def declared_seconds(path: Path) -> float | None:
    """The duration in a container's header, in seconds; None where none can be had."""
    try:
        return duration_told(ffmpeg("-i", str(path)).stderr)
    except OSError as error:
        log.warning("%s: %s", path, error)
        return None

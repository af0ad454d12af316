"""Action units from video with OpenFace 2.2 (Baltrusaitis et al., FG 2018): one process a clip."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from devaflow.corpus.clips import USABLE, Clip
from devaflow.errors import InputError
from devaflow.files import require_space
from devaflow.jobs import log
from devaflow.vision.frames import read_frames
from devaflow.vision.measure import Measured, measure_clips
from devaflow.vision.openface_program import Program
from devaflow.vision.video import LARGEST, LONGEST, Video

BACKEND = "openface"
WITH_FRAMES = (*USABLE, "no_face")  # statuses whose rows are kept
# More than the table of a clip of ten minutes needs.
SPACE_NEEDED = 8 * 1024**2


def extract(
    clips: Iterable[Clip],
    program: Program,
    max_seconds: float = LONGEST,
    max_pixels: int = LARGEST,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the faces of a unit of clips; the same two tables as `landmarker.extract` gives.

    max_seconds bounds what is kept of a clip (program.timeout_s bounds the work); a clip with
    frames larger than max_pixels is refused. OpenFace's output counts only if it ended well,
    wrote its table, post-processed it, and has as many rows as the container declares and a
    decoder delivers, give or take one; with fewer rows the clip is truncated.
    Returns (frames, clips). A clip that cannot be used is a status, never an error. Raises
    InputError where the program or the machine is at fault (no disk space): nothing is known
    about the clips then.
    """
    return measure_clips(
        clips,
        BACKEND,
        lambda video: _measure(video, program),
        max_seconds,
        max_pixels,
    )


def _measure(video: Video, program: Program) -> Measured:
    """The table of one video, where OpenFace made one that counts, with its status and reason."""
    frames, status, reason = _run(video.path, program)
    if status == "failed":
        # What ended it may be gone: a kill, memory or a disk that another job had filled.
        frames, status, reason = _run(video.path, program)
    if frames is None:
        return None, status, reason
    if video.count() == 0:
        return None, "unreadable", "not one frame can be decoded"
    if video.cut:
        frames = frames.iloc[: video.delivered]
    status, reason = _judge(frames, video)
    return frames if status in WITH_FRAMES else None, status, reason


def _run(path: Path, program: Program) -> Measured:
    """The table of a run in a folder of its own; or the status and reason why there is none."""
    with tempfile.TemporaryDirectory(prefix="openface-") as scratch:
        try:
            outcome = program.run(path, Path(scratch))
        except OSError:
            require_space(scratch, SPACE_NEEDED)
            raise
        status, reason = outcome.fault()
        if not status:
            try:
                return read_frames(outcome.table), "", ""
            except (InputError, ValueError) as error:
                log.warning("%s", error)
                status, reason = "failed", "OpenFace's table is damaged"
        # Nothing is known of a clip whose table could not be written.
        require_space(scratch, SPACE_NEEDED)
        return None, status, reason


def _judge(frames: pd.DataFrame, video: Video) -> tuple[str, str]:
    """Compare the rows of a table with the frames that its video declares and delivers."""
    short = video.shortfall()
    whole = max(video.delivered, video.declared or 0) if short else video.delivered
    if not len(frames):
        return "unreadable", "OpenFace read not one frame"
    if len(frames) > whole + 1:
        return "failed", f"OpenFace's table has {len(frames)} rows for {whole} frames"
    if not (frames["success"] == 1).any():
        return "no_face", f"no face in {len(frames)} frames"
    if len(frames) < video.delivered - 1:
        return "truncated", f"OpenFace read {len(frames)} of {whole} frames"
    return ("truncated", short) if short else ("ok", "")

"""Whether OpenFace works here, found out before a clip is measured."""

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.vision.frames import read_frames
from devaflow.vision.openface_program import GET_IT, Outcome, Program

FRAMES = 10


def check(program: Program) -> dict[str, Any]:
    """Run OpenFace once, on a small video without a face: it must give a whole table.

    Returns what identifies it: binary, sha256, container, model. Raises InputError with the
    remedy where it does not work.
    """
    with tempfile.TemporaryDirectory(prefix="openface-") as scratch:
        video, folder = Path(scratch) / "grey.avi", Path(scratch) / "run"
        folder.mkdir()
        _write_grey_video(video)
        outcome = program.run(video, folder)
        _, reason = outcome.fault()
        if reason:
            raise InputError(f"{program.binary}: does not work here: {reason}; {GET_IT}")
        if _rows(outcome, program) != FRAMES:
            raise InputError(
                f"{program.binary}: does not read all {FRAMES} frames of a test video: it was "
                f"built without a working video decoder; {GET_IT}"
            )
    return {
        "binary": program.binary,
        "sha256": None if program.image else sha256(program.binary),
        "container": program.image or None,
        "model": program.model,
    }


def _rows(outcome: Outcome, program: Program) -> int:
    try:
        return len(read_frames(outcome.table))
    except InputError as error:
        raise InputError(
            f"{program.binary}: gives no table of action units ({error}). Either its folder "
            f"AU_predictors is missing, or it is another version: OpenFace 2.2 is needed; {GET_IT}"
        ) from None


def _write_grey_video(path: Path) -> None:
    """Motion JPEG in AVI, which OpenCV reads without any library."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    for number in range(FRAMES):
        writer.write(np.full((240, 320, 3), 100 + number, dtype=np.uint8))
    writer.release()

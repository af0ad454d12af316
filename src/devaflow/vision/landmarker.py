"""Action units from video with MediaPipe's Face Landmarker, in OpenFace's columns.

The landmarker runs in VIDEO mode, a fresh one for each clip: tracking makes the blendshapes
steadier than IMAGE mode does, and nothing of one clip reaches the next, so that a clip gives the
same numbers alone and in a unit.
Source: the MediaPipe guide to Face Landmarker, and Lugaresi et al., arXiv 1906.08172.
"""

from collections.abc import Iterable
from pathlib import Path

import cv2
import mediapipe
import numpy as np
import pandas as pd
from mediapipe.tasks.python import BaseOptions, vision

from devaflow.corpus.clips import Clip
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.jobs import log
from devaflow.vision.blendshapes import action_units
from devaflow.vision.fetch import SHA256
from devaflow.vision.frames import COLUMNS, WHOLE
from devaflow.vision.measure import Measured, measure_clips
from devaflow.vision.video import LARGEST, LONGEST, Video

BACKEND = "mediapipe"


def extract(
    clips: Iterable[Clip],
    model: str | Path,
    max_seconds: float = LONGEST,
    max_pixels: int = LARGEST,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the faces of a unit of clips.

    model: path of `face_landmarker.task`. max_seconds bounds what is read of a clip; one
    with larger frames than max_pixels is refused.
    Returns the two tables of `measure_clips`. MediaPipe tells no confidence: it is 1 where a face
    is found, else 0. Raises InputError for another model than the tested one.
    """
    if not Path(model).is_file():
        raise InputError(f"{model}: no face landmarker model; the workflow has a rule to fetch it")
    if sha256(model) != SHA256:
        raise InputError(
            f"{model}: not the face landmarker that this version was tested with (its sha256 is "
            f"{SHA256}); delete it, and it is fetched again"
        )
    return measure_clips(
        clips, BACKEND, lambda video: _measure(video, Path(model)), max_seconds, max_pixels
    )


def _measure(video: Video, model: Path) -> Measured:
    with _landmarker(model) as landmarker:
        try:
            blendshapes = _blendshapes(video, landmarker)
        except (cv2.error, RuntimeError) as error:
            log.exception("%s", video.path)
            return None, "unreadable", f"decoding or measuring failed ({type(error).__name__})"
    status, reason = _judge(video, len(blendshapes))
    return _frame_table(blendshapes, video.delivered, video.fps), status, reason


def _landmarker(model: Path) -> vision.FaceLandmarker:
    """A fresh landmarker; InputError where none can be had here, which is no clip's fault."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
        output_face_blendshapes=True,
    )
    try:
        return vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError, OSError) as error:
        raise InputError(
            f"{model}: MediaPipe cannot start its face landmarker here ({error}); see that the "
            "machine has memory and threads to spare and MediaPipe's libraries, and run again"
        ) from error


def _blendshapes(video: Video, landmarker: vision.FaceLandmarker) -> pd.DataFrame:
    """The blendshapes of the frames that show a face, indexed by frame number from 0."""
    found: dict[int, dict[str, float]] = {}
    moment = -1
    for number, pixels in enumerate(video):
        # Milliseconds that must rise, also at rates above 1,000 a second. By the rate so far: where
        # it changes, that is the frame's own moment.
        moment = max(moment + 1, round(1000 * number / video.fps))
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        faces = landmarker.detect_for_video(image, moment).face_blendshapes
        if faces:
            found[number] = {shape.category_name: shape.score for shape in faces[0]}
    return pd.DataFrame.from_dict(found, orient="index")


def _judge(video: Video, face_frames: int) -> tuple[str, str]:
    if video.delivered == 0:
        return "unreadable", "not one frame can be decoded"
    if face_frames == 0:
        return "no_face", f"no face in {video.delivered} frames"
    shortfall = video.shortfall()
    return ("truncated", shortfall) if shortfall else ("ok", "")


def _frame_table(blendshapes: pd.DataFrame, frames: int, fps: float) -> pd.DataFrame:
    numbers = np.arange(frames)
    table = pd.DataFrame(0.0, index=numbers, columns=COLUMNS)
    table["frame"] = numbers + 1
    table["timestamp"] = np.round(numbers / fps, 3)
    if len(blendshapes):
        table.loc[blendshapes.index, ["confidence", "success"]] = 1.0
        units = action_units(blendshapes)
        table.loc[units.index, units.columns] = units
    table[WHOLE] = table[WHOLE].astype("int64")
    return table

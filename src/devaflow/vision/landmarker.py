"""Action units from video with MediaPipe's Face Landmarker, in OpenFace's columns.

The landmarker runs in VIDEO mode, a fresh one for each clip: tracking makes the blendshapes
steadier than IMAGE mode does, and nothing of one clip reaches the next, so that a clip gives the
same numbers alone and in a unit.
Source: the MediaPipe guide to Face Landmarker, and Lugaresi et al., arXiv 1906.08172.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import mediapipe
import numpy as np
import pandas as pd
from mediapipe.tasks.python import BaseOptions, vision

from devaflow.corpus.clips import Clip
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.jobs import log, progress
from devaflow.vision.blendshapes import action_units
from devaflow.vision.fetch import SHA256
from devaflow.vision.openface import COLUMNS, WHOLE, empty_frames
from devaflow.vision.tables import join_frames, status_table, with_provenance
from devaflow.vision.video import Video

BACKEND = "mediapipe"


def extract(
    clips: Iterable[Clip],
    model: str | Path,
    max_seconds: float = 600.0,
    max_pixels: int = 1920 * 1080,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the faces of a unit of clips.

    model: path of `face_landmarker.task`. max_seconds bounds what is read of a clip; larger
    pictures than max_pixels are scaled down.
    Returns (frames, clips). frames: video_id, clip_id, backend, then OpenFace's 40 columns, one
    row a frame; MediaPipe tells no confidence, so it is 1 where a face is found, else 0.
    clips: one row a clip: video_id, clip_id, status, reason, backend, frames, face_frames, fps,
    duration_s, width, height. A clip that cannot be used is a status, never an error.
    """
    if not Path(model).is_file():
        raise InputError(f"{model}: no face landmarker model; the workflow has a rule to fetch it")
    if sha256(model) != SHA256:
        raise InputError(
            f"{model}: not the face landmarker that this version was tested with (its sha256 is "
            f"{SHA256}); delete it, and it is fetched again"
        )
    tables, rows = [], []
    for clip in progress(clips, "faces", "clip"):
        frames, row = _extract_clip(clip, Path(model), max_seconds, max_pixels)
        tables.append(frames)
        rows.append(row)
    return join_frames(tables), status_table(rows)


def _extract_clip(
    clip: Clip, model: Path, max_seconds: float, max_pixels: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    row: dict[str, Any] = {"video_id": clip.video_id, "clip_id": clip.clip_id, "backend": BACKEND}
    if clip.path is None:
        return empty_frames(), row | {"status": "missing", "reason": "the corpus has no video"}
    try:
        video = Video(clip.path, max_seconds, max_pixels)
    except OSError as error:
        return empty_frames(), row | {"status": "unreadable", "reason": str(error)}
    try:
        blendshapes = _blendshapes(video, model)
        status, reason = _judge(video, len(blendshapes))
        row |= {"status": status, "reason": reason, "frames": video.delivered}
        row |= {"face_frames": len(blendshapes), "fps": video.fps}
        row |= {"duration_s": video.delivered / video.fps}
        row |= {"width": video.width, "height": video.height}
        return _frame_table(clip, blendshapes, video.delivered, video.fps), row
    except (cv2.error, RuntimeError) as error:
        log.exception("%s", clip)
        reason = f"decoding or measuring failed ({type(error).__name__})"
        return empty_frames(), row | {"status": "unreadable", "reason": reason}
    finally:
        video.close()


def _blendshapes(video: Video, model: Path) -> pd.DataFrame:
    """The blendshapes of the frames that show a face, indexed by frame number from 0."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
        output_face_blendshapes=True,
    )
    found: dict[int, dict[str, float]] = {}
    moment = -1
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for number, pixels in enumerate(video):
            # Milliseconds that must rise, also at rates above 1,000 a second.
            moment = max(moment + 1, round(1000 * number / video.fps))
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
            faces = landmarker.detect_for_video(picture, moment).face_blendshapes
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


def _frame_table(clip: Clip, blendshapes: pd.DataFrame, frames: int, fps: float) -> pd.DataFrame:
    numbers = np.arange(frames)
    table = pd.DataFrame(0.0, index=numbers, columns=COLUMNS)
    table["frame"] = numbers + 1
    table["timestamp"] = np.round(numbers / fps, 3)
    if len(blendshapes):
        table.loc[blendshapes.index, ["confidence", "success"]] = 1.0
        units = action_units(blendshapes)
        table.loc[units.index, units.columns] = units
    table[WHOLE] = table[WHOLE].astype("int64")
    return with_provenance(table, clip, BACKEND)

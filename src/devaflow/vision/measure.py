"""What every backend of vision does alike with its clips: one measurement and status each."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from devaflow.corpus.clips import Clip
from devaflow.jobs import log, progress
from devaflow.vision.frames import empty_frames, join_frames, status_table, with_provenance
from devaflow.vision.video import Video

# The 40 columns of OpenFace, or None where nothing could be measured; status; reason.
Measured = tuple[pd.DataFrame | None, str, str]


def measure_clips(
    clips: Iterable[Clip],
    backend: str,
    measure: Callable[[Video], Measured],
    max_seconds: float,
    max_pixels: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the faces of clips with one backend.

    Returns (frames, clips). frames: video_id, clip_id, backend, then OpenFace's 40 columns, one
    row a frame. clips: one row a clip: video_id, clip_id, status, reason, backend, frames,
    face_frames, fps, duration_s, width, height. A clip that cannot be used is a status, never an
    error; what `measure` raises is no fault of a clip.
    """
    tables, rows = [], []
    for clip in progress(clips, "faces", "clip"):
        frames, row = _measure_clip(clip, backend, measure, max_seconds, max_pixels)
        log.info("%s %s: %s %s", clip.video_id, clip.clip_id, row["status"], row["reason"])
        tables.append(frames)
        rows.append(row)
    return join_frames(tables), status_table(rows)


def _measure_clip(
    clip: Clip,
    backend: str,
    measure: Callable[[Video], Measured],
    max_seconds: float,
    max_pixels: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    row: dict[str, Any] = {"video_id": clip.video_id, "clip_id": clip.clip_id, "backend": backend}
    if clip.path is None:
        return empty_frames(), row | {"status": "missing", "reason": "the corpus has no video"}
    try:
        video = Video(clip.path, max_seconds, max_pixels)
    except (OSError, ValueError) as error:
        return empty_frames(), row | {"status": "unreadable", "reason": str(error)}
    try:
        frames, status, reason = measure(video)
    finally:
        video.close()
    row |= {"status": status, "reason": reason, "fps": video.fps}
    row |= {"width": video.width, "height": video.height}
    if frames is None:
        return empty_frames(), row
    row |= {"frames": len(frames), "duration_s": len(frames) / video.fps}
    row |= {"face_frames": int((frames["success"] == 1).sum())}
    return with_provenance(frames, clip, backend), row

"""How long each action unit is active in a clip: frame table -> one row of counts a clip."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from devaflow.corpus.clips import KEY, KEY_AND_STATUS, USABLE
from devaflow.vision.frames import PRESENCES

# What a row of counts keeps of its clip.
CLIP_COLUMNS = [*KEY_AND_STATUS, "backend", "frames", "face_frames"]


def activity(
    frames: pd.DataFrame, clips: pd.DataFrame, min_run: int = 3, min_confidence: float = 0.0
) -> pd.DataFrame:
    """Count, for every clip and action unit, the frames in which the unit is present.

    A frame counts if success is 1 and its confidence is at least min_confidence. A unit that is
    never present in min_run frames in a row counts 0; a frame that does not count ends a run, as
    does one that the table lacks (FaceLandmarkVidMulti writes none without a face).
    frames, clips: the two tables of an extraction. Returns one row for each row of `clips`:
    video_id, clip_id, status, reason, backend, frames, face_frames, then 18 counts AUxx_c.
    """
    parts = dict(list(frames.groupby(KEY, sort=False)))
    nothing = frames.iloc[:0]
    rows = []
    for clip in clips[CLIP_COLUMNS].to_dict("records"):
        clip_frames = parts.get((clip["video_id"], clip["clip_id"]), nothing)
        rows.append(clip | _clip_activity(clip_frames, clip, min_run, min_confidence))
    kinds = {name: clips[name].dtype for name in CLIP_COLUMNS} | dict.fromkeys(PRESENCES, "Int64")
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _clip_activity(
    frames: pd.DataFrame, clip: dict[Hashable, Any], min_run: int, min_confidence: float
) -> dict[str, Any]:
    frames = frames.sort_values("frame", kind="stable")
    seen = ((frames["success"] == 1) & (frames["confidence"] >= min_confidence)).to_numpy()
    present = (frames[PRESENCES].to_numpy() == 1) & seen[:, None]
    gaps = np.flatnonzero(np.diff(frames["frame"]) > 1) + 1
    present = np.insert(present, gaps, False, axis=0)
    counts = {
        name: int(column.sum()) if longest_run(column) >= min_run else 0
        for name, column in zip(PRESENCES, present.T, strict=True)
    }
    if clip["status"] not in USABLE:
        return dict(counts)
    if not seen.any():
        reason = f"no frame with a face of confidence {min_confidence:g} or more"
        return {**counts, "face_frames": 0, "status": "no_face", "reason": reason}
    return {**counts, "face_frames": int(seen.sum())}


def longest_run(flags: np.ndarray) -> int:
    """The length of the longest run of True in a 1-d boolean array."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype("int8"), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))

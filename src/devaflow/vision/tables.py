"""The two tables that every backend of vision gives: what it measured, and a status per clip."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from devaflow.corpus.clips import KEY_AND_STATUS, Clip
from devaflow.vision.openface import PROVENANCE, empty_frames

STATUS_KINDS = dict.fromkeys([*KEY_AND_STATUS, "backend"], "str") | {
    "frames": "Int64",
    "face_frames": "Int64",
    "fps": "float64",
    "duration_s": "float64",
    "width": "Int64",
    "height": "Int64",
}


def with_provenance(frames: pd.DataFrame, clip: Clip, backend: str) -> pd.DataFrame:
    """Put the columns video_id, clip_id and backend in front of the 40 columns of a clip."""
    texts = dict(zip(PROVENANCE, (clip.video_id, clip.clip_id, backend), strict=True))
    return pd.DataFrame(texts, index=frames.index, dtype="str").join(frames)


def join_frames(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put the frame tables of several clips below one another."""
    # A table without rows would turn the whole numbers of the others into floating-point ones.
    filled = [table for table in tables if len(table)]
    return pd.concat(filled or [empty_frames()], ignore_index=True)


def status_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a clip: video_id, clip_id, status, reason, backend, frames, face_frames, fps,
    duration_s, width, height; empty where they are not known.
    """
    return pd.DataFrame(list(rows), columns=list(STATUS_KINDS)).astype(STATUS_KINDS)

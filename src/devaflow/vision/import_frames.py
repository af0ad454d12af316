"""OpenFace tables that a user already has, in the two tables that every backend of vision gives."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from devaflow.corpus.clips import KEY, KEY_AND_STATUS
from devaflow.corpus.excerpts import Excerpt
from devaflow.errors import InputError
from devaflow.jobs import log, progress
from devaflow.vision.frames import (
    COLUMNS,
    PROVENANCE,
    empty_frames,
    join_frames,
    read_frames,
    status_table,
    with_provenance,
)

BACKEND = "precomputed"


def read_excerpts(excerpts: Iterable[Excerpt]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the frames of the segments of a unit from OpenFace's CSV files (714 or 40 columns).

    Returns (frames, clips) as `measure_clips` does; frame rate and size are not known. A
    table that is damaged makes its segments `unreadable`, one that lacks their frames `missing`.
    """
    read: dict[Path, pd.DataFrame | str] = {}
    tables, rows = [], []
    for excerpt in progress(excerpts, "faces", "segment"):
        frames, row = _read_excerpt(excerpt, read)
        log.info("%s %s: %s %s", *(row[name] for name in KEY_AND_STATUS))
        tables.append(frames)
        rows.append(row)
    return join_frames(tables), status_table(rows)


def _read_excerpt(
    excerpt: Excerpt, read: dict[Path, pd.DataFrame | str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    row: dict[str, Any] = dict(zip(KEY, excerpt.key, strict=True)) | {"backend": BACKEND}
    if excerpt.path is None:
        return empty_frames(), row | {"status": "missing", "reason": "there is no OpenFace table"}
    if excerpt.path not in read:
        read[excerpt.path] = _read(excerpt.path)
    table = read[excerpt.path]
    if isinstance(table, str):
        return empty_frames(), row | {"status": "unreadable", "reason": table}
    frames = one_face(_part(table, excerpt))[COLUMNS].reset_index(drop=True)
    faces = int((frames["success"] == 1).sum())
    row |= {"frames": len(frames), "face_frames": faces}
    if not len(frames):
        reason = f"{excerpt.path.name} holds no frame of this segment"
        return empty_frames(), row | {"status": "missing", "reason": reason}
    status, reason = ("ok", "") if faces else ("no_face", f"no face in {len(frames)} frames")
    frames = with_provenance(frames, excerpt, BACKEND)
    return frames, row | {"status": status, "reason": reason}


def _read(path: Path) -> pd.DataFrame | str:
    """The frames of a table, or why they cannot be had."""
    try:
        return read_frames(path)
    except (InputError, OSError) as error:
        # The folder is left out: the reason is a result, the same on every machine.
        return str(error).replace(str(path), path.name)


def _part(frames: pd.DataFrame, excerpt: Excerpt) -> pd.DataFrame:
    if set(KEY) <= set(frames):
        named = (frames["video_id"] == excerpt.video_id) & (frames["clip_id"] == excerpt.clip_id)
        return frames[named]
    if excerpt.start is None or excerpt.end is None:
        return frames
    return frames[frames["timestamp"].between(excerpt.start, excerpt.end, inclusive="left")]


def one_face(frames: pd.DataFrame) -> pd.DataFrame:
    """Of a table of several faces (FaceLandmarkVidMulti), the one seen most often.

    One row for each frame that the table has; where only others are seen, one without success.
    """
    if frames["face_id"].nunique() < 2:
        return frames
    seen = frames[frames["success"] == 1].groupby("face_id").size()
    face: Any = seen.idxmax() if len(seen) else frames["face_id"].iloc[0]
    own = frames[frames["face_id"] == face]
    without = frames[~frames["frame"].isin(own["frame"])].drop_duplicates("frame").copy()
    without[without.columns.difference([*PROVENANCE, "frame", "timestamp"])] = 0
    without["face_id"] = face
    return pd.concat([own, without]).sort_values("frame", kind="stable")

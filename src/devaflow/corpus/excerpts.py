"""Which frame table, or which part of one, belongs to which segment."""

import os
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from devaflow.corpus.clips import KEY, Clip
from devaflow.corpus.index import file_name, find_clips
from devaflow.corpus.labels import Segment
from devaflow.errors import InputError
from devaflow.jobs import shown

TABLE = frozenset({".csv"})


@dataclass(frozen=True)
class Excerpt(Clip):
    """The frames of a segment in the table at `path`: those that the table itself gives to the
    segment, or those from `start` until before `end` (seconds), or all where these are None.
    """

    start: float | None = None
    end: float | None = None

    @property
    def row(self) -> list[Any]:
        """As of a clip, with start and end."""
        return [*super().row, self.start, self.end]


def find_excerpts(segments: list[Segment], folder: Path, layout: str = "auto") -> list[Excerpt]:
    """Find the frame table of every segment below `folder`, a folder of OpenFace's CSV files.

    A table of one segment is named as its clip would be (see `find_clips`). A table of a whole
    video is `{video_id}.csv`: its rows are named by the columns video_id and clip_id, or the
    segments have a start and an end, or the video has one segment only. Both may bear the names
    under which this workflow writes frame tables (see `group_units`).

    Raises InputError where no table is found, or where one cannot be divided among its segments.
    """
    own = {clip.key: clip.path for clip in find_clips(segments, folder, layout, TABLE)}
    sharing = Counter(segment.video_id for segment in segments)
    # Each table is looked for, and into, once: this is done for every job.
    of_video = cache(lambda video: _table(folder, video) or _table(folder, file_name(video)))
    divided: set[Path] = set()
    excerpts = []
    for segment in segments:
        path = own[segment.key] or _table(folder, "/".join(map(file_name, segment.key)))
        if path is not None:
            excerpts.append(Excerpt(*segment.key, path))
            continue
        whole = of_video(segment.video_id)
        shared = segment.start is None and sharing[segment.video_id] > 1
        if whole and shared and whole not in divided:
            _require_named(whole, segment.video_id, sharing[segment.video_id])
            divided.add(whole)
        times = (segment.start, segment.end) if whole else (None, None)
        excerpts.append(Excerpt(*segment.key, whole, *times))
    if all(excerpt.path is None for excerpt in excerpts):
        first = segments[0]
        raise InputError(
            f"{folder}: holds the OpenFace table of none of the {len(segments)} segments, e.g. "
            f"{first.video_id}/{first.clip_id}.csv, {first.video_id}_{first.clip_id}.csv or, for "
            f"the whole video, {first.video_id}.csv; check vision.precomputed and corpus.layout"
        )
    return excerpts


def without_table(folder: Path, excerpts: list[Excerpt]) -> str:
    """A sentence on the segments that no table in `folder` is of; '' for none."""
    absent = [excerpt for excerpt in excerpts if excerpt.path is None]
    if not absent:
        return ""
    example = "/".join(absent[0].key)
    return shown(f"{folder}: no table of {len(absent)} of {len(excerpts)} segments, e.g. {example}")


def _table(folder: Path, stem: str) -> Path | None:
    paths = (folder / f"{stem}{suffix}" for suffix in (".csv", ".CSV"))
    # Path.is_file raises for a name that is too long.
    return next((path for path in paths if os.path.isfile(path)), None)


def _require_named(path: Path, video_id: str, count: int) -> None:
    """Raise InputError where a table of several segments does not say which row is whose."""
    try:
        header = pd.read_csv(path, nrows=0, skipinitialspace=True).columns.str.strip()
    except (OSError, ValueError):  # the job that reads it gives the segments their status
        return
    if not set(KEY) <= set(header):
        raise InputError(
            f"{path}: one table for {count} segments of the video {video_id!r}; give label.csv the "
            "columns start and end (seconds in the video), or have one table for each segment"
        )

"""The two tables that every backend of vision gives: the frames of clips, and a status per clip.

The frames are in the 40 columns of OpenFace 2.2 (`FeatureExtraction -aus`), whatever measured them.
Source: the OpenFace wiki, "Output format", and the tool's own CSV files.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from devaflow.corpus.clips import KEY, KEY_AND_STATUS, Clip
from devaflow.errors import InputError
from devaflow.files import atomic

INTENSITY_UNITS = (
    *("AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12"),
    *("AU14", "AU15", "AU17", "AU20", "AU23", "AU25", "AU26", "AU45"),
)
PRESENCE_UNITS = tuple(sorted((*INTENSITY_UNITS, "AU28")))
INTENSITIES = [f"{unit}_r" for unit in INTENSITY_UNITS]
PRESENCES = [f"{unit}_c" for unit in PRESENCE_UNITS]
COLUMNS = ["frame", "face_id", "timestamp", "confidence", "success", *INTENSITIES, *PRESENCES]
WHOLE = ["frame", "face_id", "success"]
PROVENANCE = [*KEY, "backend"]
KNOWN = frozenset([*PROVENANCE, *COLUMNS])
STATUS_KINDS = dict.fromkeys([*KEY_AND_STATUS, "backend"], "str") | {
    "frames": "Int64",
    "face_frames": "Int64",
    "fps": "float64",
    "duration_s": "float64",
    "width": "Int64",
    "height": "Int64",
}


def empty_frames() -> pd.DataFrame:
    """A frame table without rows: video_id, clip_id, backend, then the 40 columns."""
    kinds: dict[str, str] = dict.fromkeys(PROVENANCE, "str")
    kinds |= {name: "int64" if name in WHOLE else "float64" for name in COLUMNS}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def with_provenance(frames: pd.DataFrame, clip: Clip, backend: str) -> pd.DataFrame:
    """Put the columns video_id, clip_id and backend in front of the 40 columns of a clip."""
    texts = dict(zip(PROVENANCE, (clip.video_id, clip.clip_id, backend), strict=True))
    return pd.DataFrame(texts, index=frames.index, dtype="str").join(frames)


def join_frames(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put the frame tables of several clips below one another."""
    # A table without rows would turn the whole numbers of the others into floating-point ones.
    filled = [table for table in tables if len(table)]
    return pd.concat(filled or [empty_frames()], ignore_index=True)


def write_frames(path: str | Path, frames: pd.DataFrame) -> None:
    """Write a frame table as OpenFace prints one, behind the columns video_id, clip_id, backend.

    Fields are separated by a comma and a blank; time has 3 decimals, all other real numbers 2.
    """
    formats = ["%d" if c in WHOLE else "%.3f" if c == "timestamp" else "%.2f" for c in COLUMNS]
    row_format = ", ".join(["%s"] * len(PROVENANCE) + formats) + "\n"
    texts = [frames[name].map(_quoted) for name in PROVENANCE]
    numbers = [frames[name] for name in COLUMNS]
    with atomic(path) as partial, open(partial, "w", encoding="utf-8", newline="") as stream:
        stream.write(", ".join([*PROVENANCE, *COLUMNS]) + "\n")
        stream.writelines(row_format % row for row in zip(*texts, *numbers, strict=True))


def _quoted(text: str) -> str:
    if text and not re.search(r'[",\s]', text):
        return text
    return '"' + text.replace('"', '""') + '"'


def read_frames(path: str | Path) -> pd.DataFrame:
    """Read a frame table: one that `write_frames` wrote, or OpenFace's own (40 or 714 columns).

    Other columns are left out. Ids stay the strings that they are ("007", "NaN", "1e5"). Raises
    InputError where a column is missing or stands twice, a row is longer or shorter than the header
    (pandas would move its cells, or drop some), or a cell of the 40 columns is not a number.
    """
    try:
        _require_even(path)
        frames = pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
            usecols=lambda name: name.strip() in KNOWN,
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: not an OpenFace table ({error}); extract it again") from error
    frames.columns = frames.columns.str.strip()
    absent = [name for name in COLUMNS if name not in frames]
    if absent:
        raise InputError(
            f"{path}: not an OpenFace table, it lacks {', '.join(absent[:5])}; "
            f"run OpenFace with -aus"
        )
    for name in COLUMNS:
        frames[name] = _numbers(frames[name], path)
    return frames[[name for name in PROVENANCE if name in frames] + COLUMNS]


def _require_even(path: str | Path) -> None:
    """Raise ValueError unless all rows have as many cells as the header, whose names differ."""
    with open(path, encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, skipinitialspace=True)
        header = [name.strip() for name in next(rows, [])]
        twice = [name for name in KNOWN if header.count(name) > 1]
        if twice:
            raise ValueError(f"the column {min(twice)!r} stands twice")
        for cells in rows:
            if any(cells) and len(cells) != len(header):
                raise ValueError(
                    f"line {rows.line_num} has {len(cells)} fields, the header has {len(header)}"
                )


def _numbers(cells: pd.Series, path: str | Path) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    wrong = ~np.isfinite(numbers.to_numpy())
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"{path}, data row {row + 1}: {cells.name} is {cells.iloc[row]!r}, not a number; "
            f"the file is damaged, extract it again"
        )
    return numbers.astype("int64") if cells.name in WHOLE else numbers


def status_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a clip: video_id, clip_id, status, reason, backend, frames, face_frames, fps,
    duration_s, width, height; empty where they are not known.
    """
    return pd.DataFrame(list(rows), columns=list(STATUS_KINDS)).astype(STATUS_KINDS)

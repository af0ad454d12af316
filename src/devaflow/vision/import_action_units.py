"""Action-unit counts that a user already has, in the table that `activity` makes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from devaflow.corpus.clips import KEY, KEY_AND_STATUS, USABLE
from devaflow.corpus.features import read_features
from devaflow.errors import InputError
from devaflow.vision.activity import CLIP_COLUMNS
from devaflow.vision.frames import PRESENCES, STATUS_KINDS

BACKEND = "precomputed"
STATUSES = [*USABLE, "no_face", "unreadable", "failed", "timeout", "missing"]
MOST_FRAMES = 10**9  # a year at 30 frames a second


def read_activity(path: str | Path, segments: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Read the frame counts AUxx_c (18 columns) of `segments` from a CSV or Parquet table.

    Returns one row a segment, as `activity` does; frames and face_frames are unknown (NA). A
    segment that the table lacks is `missing`; one whose counts are all 0 is `ok`, unless the table
    gives another status. Raises InputError for a missing column, a segment that stands twice, an
    unknown status, a count that is no whole number or above 10^9.
    """
    features = read_features(path, segments, {name: [name] for name in PRESENCES}, STATUSES)
    counts = features[PRESENCES].fillna(0)
    _require_counts(counts, features, path)
    clips = features[KEY_AND_STATUS].assign(backend=BACKEND).reindex(columns=CLIP_COLUMNS)
    clips = clips.astype({name: STATUS_KINDS[name] for name in CLIP_COLUMNS})
    return clips.join(counts.astype("int64").astype("Int64"))


def _require_counts(counts: pd.DataFrame, features: pd.DataFrame, path: str | Path) -> None:
    broken = (counts.to_numpy() % 1 != 0) | (counts.to_numpy() > MOST_FRAMES)
    if broken.any():
        row, column = np.argwhere(broken)[0]
        key = tuple(features.loc[row, KEY])
        raise InputError(
            f"{path}, segment {key}: {PRESENCES[column]} is {counts.iloc[row, column]}; it must be "
            f"a number of frames (at most {MOST_FRAMES}), not a share or an intensity"
        )

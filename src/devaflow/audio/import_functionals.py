"""Voice values that a user already has, in the table that `functionals.extract` makes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from devaflow.audio.tables import FEATURES, VALUES, functional_table, voiced
from devaflow.corpus.clips import KEY_AND_STATUS, USABLE
from devaflow.corpus.features import read_features

BACKEND = "precomputed"
STATUSES = [*USABLE, "no_sound", "no_speech", "too_short", "unreadable", "missing"]


def read_functionals(path: str | Path, segments: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Read the four voice values of `segments` from a CSV or Parquet table.

    The columns bear openSMILE's names (with or without `pcm_` for the loudness), or those that
    `functionals.extract` gives them. Returns one row a segment, as that does, without duration and
    rms. A segment that the table lacks is `missing`; F0 = 0 is no_speech, an absent value
    too_short, unless the table gives a status that is masked. Raises InputError for a missing
    column, a segment that stands twice, an unknown status, a value that is no number.
    """
    names = {name: [feature, name] for name, feature in FEATURES.items()}
    names["loudness"].insert(1, FEATURES["loudness"].removeprefix("pcm_"))
    features = read_features(path, segments, names, STATUSES, blanks=True)
    rows: list[dict[str, Any]] = []
    for row in features.to_dict("records"):
        told = {name: row[name] for name in KEY_AND_STATUS} | {"backend": BACKEND}
        values = {name: row[name] for name in VALUES}
        usable = row["status"] in USABLE
        rows.append(told | (voiced(values, row["status"], row["reason"]) if usable else values))
    return functional_table(rows)

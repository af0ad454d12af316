"""Voice values that a user already has, in the table that `functionals.extract` makes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from devaflow.audio.tables import FEATURES, VALUES, functional_table, voiced
from devaflow.corpus.features import read_features

BACKEND = "precomputed"


def read_functionals(path: str | Path, segments: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Read the four voice values of `segments` from a CSV or Parquet table.

    The columns bear openSMILE's names (with or without `pcm_` for the loudness). Returns one row
    a segment, as `functionals.extract` does, without duration and rms. A segment that the table
    lacks is `missing`; F0 = 0 is no_speech, an absent value too_short. Raises InputError for a
    missing column, a segment that stands twice, a value that is no number.
    """
    names = {name: [feature] for name, feature in FEATURES.items()}
    names["loudness"].append(FEATURES["loudness"].removeprefix("pcm_"))
    features = read_features(path, segments, names, blanks=True)
    rows: list[dict[str, Any]] = []
    for row in features.to_dict("records"):
        key = {"video_id": row["video_id"], "clip_id": row["clip_id"], "backend": BACKEND}
        if row["found"]:
            rows.append(key | voiced({name: row[name] for name in VALUES}, "ok", ""))
        else:
            rows.append(key | {"status": "missing", "reason": f"no row in {Path(path).name}"})
    return functional_table(rows)

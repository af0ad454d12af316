"""Action-unit counts in words, as DEVA words them (Wu et al., AAAI 2025, arXiv 2412.10460)."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from devaflow.corpus.clips import KEY_AND_STATUS
from devaflow.errors import InputError
from devaflow.vision.frames import PRESENCES

LEAD = "The speaker made such an expression: "
NEUTRAL = "The speaker's face is neutral."
UNNAMED = "The speaker's face is not neutral."
UNDESCRIBED = {
    "no_face": "No face is visible.",
    "unreadable": "The video cannot be read.",
    "missing": "There is no video.",
    "failed": "The face could not be measured.",
    "timeout": "The face could not be measured.",
}
WORDS = [LEAD, NEUTRAL, UNNAMED, UNDESCRIBED]


def read_phrases(path: str | Path) -> dict[str, str]:
    """Read the action-unit dictionary (CSV: au, name, region, phrase) as AUxx_c -> phrase.

    A unit without a phrase is left out of descriptions. Raises InputError for a unit that is
    unknown or stands twice.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if not {"au", "phrase"} <= set(table.columns):
        raise InputError(f"{path}: needs the columns au and phrase")
    columns = table["au"].str.strip() + "_c"
    wrong = columns[~columns.isin(PRESENCES) | columns.duplicated()]
    if len(wrong):
        raise InputError(
            f"{path}, data row {wrong.index[0] + 1}: {table['au'].iloc[wrong.index[0]]!r} is no "
            f"action unit of OpenFace, or stands twice; the units are AU01 to AU45, see the table"
        )
    return {c: p.strip() for c, p in zip(columns, table["phrase"], strict=True) if p.strip()}


def describe(activity: pd.DataFrame, phrases: dict[str, str], top_k: int = 8) -> pd.DataFrame:
    """Describe every clip's face by its most active units, the longest first.

    Units active equally long keep the order of their numbers: that is the order of the published
    descriptions (all 1,150 pairs of ties in MOSI's train and valid segments). Of a face that only
    moved units without a phrase (AU14, AU17), no more is said than that it is not neutral.
    Returns one row a clip: video_id, clip_id, status, reason, text.
    """
    described = activity[KEY_AND_STATUS].copy()
    described["text"] = pd.Series(
        [_text(row, phrases, top_k) for row in activity.to_dict("records")],
        index=activity.index,
        dtype="str",
    )
    return described


def _text(row: dict[Hashable, Any], phrases: dict[str, str], top_k: int) -> str:
    if row["status"] in UNDESCRIBED:
        return UNDESCRIBED[row["status"]]
    active = sorted((name for name in PRESENCES if row[name]), key=lambda name: -row[name])
    named = [phrases[name] for name in active if name in phrases]
    if not named:
        return UNNAMED if active else NEUTRAL
    return LEAD + ", ".join(named[:top_k]) + "."

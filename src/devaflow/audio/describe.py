"""Voice levels in words, as DEVA words them (Wu et al., AAAI 2025, arXiv 2412.10460)."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from devaflow.audio.levels import LEVEL_NAMES, Levels
from devaflow.corpus.clips import KEY_AND_STATUS

SPOKEN = {"loudness": "loudness", "jitter": "jitter", "shimmer": "shimmer", "f0_hz": "pitch"}
LEAD = "The speaker speaks in the following tone: "
UNDESCRIBED = {
    "no_sound": "The clip has no sound.",
    "too_short": "The sound is too short to describe.",
    "unreadable": "The sound cannot be read.",
    "missing": "There is no sound.",
}
SILENT = "The speaker is silent."
UNVOICED = "The sound is unvoiced"
WORDS = [LEAD, SPOKEN, UNDESCRIBED, SILENT, UNVOICED, LEVEL_NAMES]


def describe(functionals: pd.DataFrame, levels: Levels) -> pd.DataFrame:
    """Describe every clip's voice; a clip without voice is said to have none, not a low one.

    Returns one row a clip: video_id, clip_id, status, reason, text.
    """
    described = functionals[KEY_AND_STATUS].copy()
    rows = zip(
        functionals.to_dict("records"), levels.apply(functionals).to_dict("records"), strict=True
    )
    described["text"] = pd.Series(
        [_text(row, level) for row, level in rows], index=functionals.index, dtype="str"
    )
    return described


def _text(row: dict[Hashable, Any], level: dict[Hashable, Any]) -> str:
    if row["status"] in UNDESCRIBED:
        return UNDESCRIBED[row["status"]]
    if row["status"] != "no_speech":
        known = {name: word for name, word in SPOKEN.items() if level[name] is not None}
        return LEAD + ", ".join(f"{level[name]} {word}" for name, word in known.items()) + "."
    if row["loudness"] == 0:
        return SILENT
    heard = f", with {level['loudness']} loudness" if level["loudness"] is not None else ""
    return f"{UNVOICED}{heard}."

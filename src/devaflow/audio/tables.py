"""The table of voice values that every backend of audio gives: one row a clip, with a status."""

from typing import Any

import numpy as np
import pandas as pd

from devaflow.corpus.clips import KEY_AND_STATUS

FEATURES = {
    "loudness": "pcm_loudness_sma_amean",
    "jitter": "jitterLocal_sma_amean",
    "shimmer": "shimmerLocal_sma_amean",
    "f0_hz": "F0final_sma_amean",
}
VALUES = list(FEATURES)
SILENT = "digital silence"
UNVOICED = "unvoiced"


def functional_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The table of functionals with its columns and types; what a row lacks is NaN."""
    kinds = dict.fromkeys([*KEY_AND_STATUS, "backend"], "str")
    kinds |= dict.fromkeys(["duration_s", "rms", *VALUES], "float64")
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def voiced(values: dict[str, float], status: str, reason: str) -> dict[str, Any]:
    """Judge four measured values; where there is no voice, jitter, shimmer and F0 go.

    openSMILE says 0 for them then, which is not "low".
    """
    if not all(np.isfinite(value) for value in values.values()):
        return {"status": "too_short", "reason": "too little sound to measure"}
    if values["f0_hz"] > 0:
        return {"status": status, "reason": reason, **values}
    silent = values["loudness"] == 0
    loudness = values["loudness"]
    return {
        "status": "no_speech",
        "reason": SILENT if silent else UNVOICED,
        "loudness": loudness,
    }

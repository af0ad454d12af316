"""What the splits hold, and how large each modality's representation is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from devaflow.corpus.parts import SPLITS

ORDER = (*SPLITS, "unassigned", "unlabelled")
DIGITS = 6


def statistics(
    split_tables: Mapping[str, pd.DataFrame], dimensions: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Counts and label distribution per protocol and split, and the modalities' dimensions.

    `split_tables` maps a protocol to its table of video_id, clip_id, split, label. `dimensions`
    maps a modality (audio: and protocol) to what is known of it (hidden, mean_tokens,
    distinct_texts, cut_texts) and is passed on.
    Train, valid and test are always there, the other two where they have rows. The content can be
    written as JSON: a mean or standard deviation that does not exist is None.
    """
    return {
        "splits": {protocol: _per_split(table) for protocol, table in split_tables.items()},
        "dimensions": {modality: dict(values) for modality, values in dimensions.items()},
    }


def _per_split(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found = {name: table[table["split"] == name] for name in ORDER}
    return {
        name: _distribution(rows) for name, rows in found.items() if len(rows) or name in SPLITS
    }


def _distribution(rows: pd.DataFrame) -> dict[str, Any]:
    """Counts of segments, videos and signs, mean and sample deviation, and a 7-bin histogram.

    The bins are the whole numbers -3 to 3; a label between two goes to the nearer, a half to even.
    """
    label = rows["label"].dropna().to_numpy(dtype=np.float64)
    bins = np.rint(np.clip(label, -3, 3)).astype(int)
    return {
        "segments": len(rows),
        "videos": int(rows["video_id"].nunique()),
        "negative": int((label < 0).sum()),
        "neutral": int((label == 0).sum()),
        "positive": int((label > 0).sum()),
        "mean": round(float(label.mean()), DIGITS) if len(label) else None,
        "sd": round(float(label.std(ddof=1)), DIGITS) if len(label) > 1 else None,
        "histogram": {str(value): int((bins == value).sum()) for value in range(-3, 4)},
    }

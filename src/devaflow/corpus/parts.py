"""The parts that a split divides a corpus into, however it was drawn."""

import pandas as pd

from devaflow.corpus.clips import KEY
from devaflow.errors import InputError

SPLITS = ("train", "valid", "test")


def require_splits(table: pd.DataFrame) -> None:
    """Raise InputError where no row of the column `split` is to train on, or to choose by."""
    for split in ("train", "valid"):
        if not (table["split"] == split).any():
            raise InputError(f"no segment is in the split '{split}': label more, or split anew")


def keys_of(table: pd.DataFrame, fit_on: str) -> list[tuple[str, str]]:
    """Keys of the segments that thresholds are fitted on: those of 'train', or 'all' of them."""
    rows = table if fit_on == "all" else table[table["split"] == fit_on]
    return list(rows[KEY].itertuples(index=False, name=None))

"""Predictions of several runs on the same rows, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from devaflow.corpus.clips import KEY
from devaflow.errors import InputError
from devaflow.evaluate.metrics import Floats

# The splits that predictors are judged on, each by itself; the second also chose the epochs.
JUDGED = ("test", "valid")


@dataclass(frozen=True)
class Rows:
    """Labelled rows of one split: video and label (rows,), predictions (runs, rows)."""

    video: npt.NDArray[np.object_]
    label: Floats
    predictions: Floats

    @property
    def sizes(self) -> dict[str, int]:
        """How many rows there are (n_rows), and of how many videos (n_videos)."""
        return {"n_rows": len(self.label), "n_videos": len(set(self.video))}


def side_by_side(tables: Mapping[str, pd.DataFrame], split: str) -> Rows:
    """The labelled rows of `split` in tables of video_id, clip_id, split, label, prediction.

    The names of `tables` say which run each one comes from; the order of their rows is free.

    Raises:
        InputError: two tables hold different rows or labels, or a prediction is not a number.

    """
    selected = {name: _labelled(table, split) for name, table in tables.items()}
    name, reference = next(iter(selected.items()))
    for other, table in selected.items():
        if not table[[*KEY, "label"]].equals(reference[[*KEY, "label"]]):
            raise InputError(
                f"predictions of {other} and {name}: their {split} rows or labels differ, so they "
                f"cannot be compared; make both from the same label.csv and split"
            )
        bad = table[~np.isfinite(table["prediction"].to_numpy(dtype=np.float64))]
        if len(bad):
            raise InputError(
                f"predictions of {other}: video_id {bad['video_id'].iloc[0]}, clip_id "
                f"{bad['clip_id'].iloc[0]} has no finite prediction ({len(bad)} such {split} "
                f"rows); the training diverged: lower its learning rate"
            )
    return Rows(
        video=reference["video_id"].to_numpy(dtype=object),
        label=reference["label"].to_numpy(dtype=np.float64),
        predictions=np.stack(
            [table["prediction"].to_numpy(dtype=np.float64) for table in selected.values()]
        ),
    )


def by_predictor(
    predictors: Mapping[str, Mapping[int, pd.DataFrame]], split: str
) -> tuple[Rows, dict[str, Floats]]:
    """Every training of every predictor side by side, and predictions (seeds, rows) of each.

    predictors: name -> training seed -> table. InputError as `side_by_side`.
    """
    runs = [(name, seed) for name, seeds in predictors.items() for seed in seeds]
    rows = side_by_side(
        {f"{name}, seed {seed}": predictors[name][seed] for name, seed in runs}, split
    )
    owner = np.array([name for name, _ in runs])
    return rows, {name: rows.predictions[owner == name] for name in predictors}


def _labelled(table: pd.DataFrame, split: str) -> pd.DataFrame:
    rows = table[(table["split"] == split) & table["label"].notna()]
    return rows.sort_values(KEY).reset_index(drop=True)


def ensemble(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One predictor out of several runs: the means of their predictions and probabilities.

    A table has one row a segment. The result has the rows of the first table, in its order. Raises
    InputError where the rows or labels of two runs differ. It does not refuse a prediction that is
    NaN (`side_by_side` does).
    """
    name, first = next(iter(tables.items()))
    means = ["prediction", "probability"]
    aligned = []
    for other, table in tables.items():
        rows = first[KEY].merge(table, on=KEY, how="left", validate="one_to_one")
        if len(table) != len(first) or not rows["label"].equals(first["label"]):
            raise InputError(
                f"predictions of {other} and {name}: their rows or labels differ, so they have no "
                f"mean; make both from the same label.csv and split"
            )
        aligned.append(rows[means].to_numpy(dtype=np.float64))
    together = first.copy()
    together[means] = np.mean(aligned, axis=0)
    return together


def stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of predictions as one, with the name of the predictor in the column `predictor`."""
    return pd.concat([table.assign(predictor=name) for name, table in tables.items()])


def unstacked(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables that `stacked` put together, by name and in their order."""
    return {
        str(name): rows.drop(columns="predictor")
        for name, rows in table.groupby("predictor", sort=False)
    }

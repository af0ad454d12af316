"""Cross-validation by video: segments parted into folds, each held out in turn."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold
from torch import Tensor

from devaflow.errors import InputError
from devaflow.model.inputs import Inputs


def held_out_in_turn(inputs: Inputs, rows: Tensor, folds: int, seed: int) -> Iterator[Inputs]:
    """The inputs once for each fold, with other splits: this fold is test, the next one valid.

    rows: int64, row numbers of the segments that are parted; of these, what is neither test nor
    valid is train, and each is test once. All others are "unused". All segments of a video are in
    one fold. Raises InputError for fewer videos than folds.
    """
    parted = rows.numpy()
    fold = _fold_of(inputs.segments.iloc[parted], folds, seed)
    for number in range(folds):
        names = np.full(len(inputs.segments), "unused", dtype=object)
        names[parted] = "train"
        names[parted[fold == number]] = "test"
        names[parted[fold == (number + 1) % folds]] = "valid"
        yield replace(inputs, segments=inputs.segments.assign(split=names))


def _fold_of(segments: pd.DataFrame, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold, from 0, of every segment (video_id); InputError for fewer videos than folds."""
    videos = segments["video_id"].nunique()
    if videos < folds:
        raise InputError(
            f"cross-validation: {folds} folds of {videos} videos; a fold needs at least one: "
            "lower search.folds"
        )
    parts = GroupKFold(folds, shuffle=True, random_state=seed)
    fold = np.empty(len(segments), dtype=np.int64)
    for number, (_, rows) in enumerate(parts.split(segments, groups=segments["video_id"])):
        fold[rows] = number
    return fold

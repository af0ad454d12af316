"""Which segments are trained on, chosen by and tested on: the protocols."""

from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import train_test_split

from devaflow.corpus.clips import KEY
from devaflow.corpus.parts import SPLITS
from devaflow.jobs import log

SHARES = dict(zip(SPLITS, (0.70, 0.15, 0.15), strict=True))


def official(segments: pd.DataFrame) -> pd.DataFrame:
    """The corpus's own split, from the column `mode`; a labelled row without one is unassigned."""
    return _table(segments, segments["mode"].replace("", "unassigned").to_numpy(dtype=object))


def random(segments: pd.DataFrame, seed: int = 42) -> pd.DataFrame:
    """70/15/15 by segment, stratified on the label's sign: the protocol of the seed document.

    Clips of one video fall into several splits, so a model can profit from knowing the speaker.
    Where a sign is too rare to stratify on, positive against the rest is stratified on instead,
    and nothing where that is too rare as well; the log says so. One held-out row goes to valid.
    """
    labelled = _labelled(segments)
    names = np.full(len(segments), "unassigned", dtype=object)
    train, held_out = _divide(labelled, SHARES["valid"] + SHARES["test"], seed)
    valid, test = _divide(held_out, SHARES["test"] / (SHARES["valid"] + SHARES["test"]), seed)
    for name, rows in zip(SPLITS, (train, valid, test), strict=True):
        names[rows.index] = name
    return _table(segments, names)


def grouped(segments: pd.DataFrame, seed: int = 42) -> pd.DataFrame:
    """70/15/15 by video: all labelled clips of a video stand in one split.

    Videos are placed one by one, those with most clips first and in random order among equals,
    each where it brings the counts of negative, neutral and positive clips nearest to the shares
    (least chi-square distance). The last videos go to splits that are still empty, so that three
    videos are enough for three splits.
    """
    labelled = _labelled(segments)
    signs = np.sign(labelled["label"])
    clips = pd.crosstab(labelled["video_id"], signs)
    shuffled = clips.iloc[np.random.default_rng(seed).permutation(len(clips))]
    order = shuffled.sum(axis=1).sort_values(ascending=False, kind="stable").index
    place = _place_videos(clips.loc[order])
    names = [place.get(video, "unassigned") for video in segments["video_id"]]
    return _table(segments, np.array(names, dtype=object))


PROTOCOLS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "official": official,
    "random": random,
    "grouped": grouped,
}


def _labelled(segments: pd.DataFrame) -> pd.DataFrame:
    """The labelled rows sorted by key, so that the order of the file changes nothing.

    Their index is the row's position in `segments`.
    """
    rows = segments.reset_index(drop=True)[[*KEY, "label"]]
    return rows[rows["label"].notna()].sort_values(KEY)


def _table(segments: pd.DataFrame, names: npt.NDArray[np.object_]) -> pd.DataFrame:
    table = segments[KEY].reset_index(drop=True)
    table["split"] = np.where(segments["label"].isna(), "unlabelled", names)
    table["label"] = segments["label"].to_numpy(dtype=np.float64)
    return table


def _divide(rows: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`rows` without and with the given share, stratified as far as they allow."""
    if len(rows) < 2:
        return rows, rows.iloc[:0]
    n_out = int(np.ceil(round(share * len(rows), 9)))
    signs = np.sign(rows["label"])
    for classes, instead in ((signs, "positive against the rest"), (signs > 0, "nothing")):
        sizes = classes.value_counts()
        if sizes.min() >= 2 and len(sizes) <= min(n_out, len(rows) - n_out):
            break
        log.warning(
            "%d rows with %s per class are too few to stratify on; instead stratified on: %s",
            len(rows),
            sizes.tolist(),
            instead,
        )
    else:
        classes = None
    return tuple(train_test_split(rows, test_size=n_out, random_state=seed, stratify=classes))


def _place_videos(clips: pd.DataFrame) -> dict[Hashable, str]:
    """The split of each video, from its number of clips per class, (videos, classes), in order."""
    counts = clips.to_numpy(dtype=np.float64)
    target = np.outer(list(SHARES.values()), counts.sum(axis=0))
    filled = np.zeros_like(target)
    place: dict[Hashable, str] = {}
    for left, (video, clip) in zip(
        range(len(counts), 0, -1), zip(clips.index, counts, strict=True), strict=True
    ):
        after, before = (filled + clip - target) ** 2, (filled - target) ** 2
        cost = ((after - before) / target).sum(axis=1)
        empty = filled.sum(axis=1) == 0
        if left <= empty.sum():
            cost[~empty] = np.inf
        chosen = int(np.argmin(cost))
        filled[chosen] += clip
        place[video] = SPLITS[chosen]
    return place

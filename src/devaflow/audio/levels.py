"""Low, normal or high: the tertiles that turn the four voice values into words.

Source: DEVA (Wu et al., arXiv 2412.10460), which takes tertiles over its whole corpus; here the
thresholds come from the rows that the caller names, the training rows by default.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from devaflow.audio.tables import VALUES
from devaflow.corpus.clips import KEY, USABLE
from devaflow.jobs import log

LEVEL_NAMES = ("low", "normal", "high")
FEWEST_ROWS = 3
# What grows with the recording's gain or the speaker's size is compared as a ratio.
RATIOS = ("loudness", "f0_hz")
Scope = Literal["corpus", "video"]


@dataclass(frozen=True)
class Levels:
    """Thresholds of the three levels.

    thresholds: for each of the four values (t1, t2): below t1 low, below t2 normal, else high, and
        what equals both is normal; None where all is normal.
    scope: `corpus` compares the values themselves; `video` first relates them to the median of
        the usable clips of the same video (loudness and F0 as a ratio, jitter and shimmer as a
        difference), which takes microphone and speaker out.
    """

    thresholds: dict[str, tuple[float, float] | None]
    scope: Scope = "corpus"

    def apply(self, functionals: pd.DataFrame) -> pd.DataFrame:
        """Give video_id, clip_id and a level for each of the four values; None where NaN.

        With scope `video`, `functionals` must hold all clips of its videos.
        """
        values = _scoped(functionals, self.scope)
        levels = functionals[KEY].copy()
        for name in VALUES:
            levels[name] = _level(values[name], self.thresholds[name])
        return levels

    def to_dict(self) -> dict[str, Any]:
        """The levels as JSON content."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Levels":
        """The levels that `to_dict` gave."""
        thresholds = {n: pair and tuple(pair) for n, pair in content["thresholds"].items()}
        return cls(thresholds, content["scope"])


def fit_levels(
    functionals: pd.DataFrame, fit_on: Iterable[tuple[str, str]], scope: Scope = "corpus"
) -> Levels:
    """Put the thresholds at the tertiles of the usable rows whose keys are in `fit_on`.

    A value that fewer than 3 usable rows have cannot be compared: it has no thresholds, and is
    normal in every voice. A corpus without sound can still be worked on.
    """
    keys = pd.MultiIndex.from_frame(functionals[KEY])
    chosen = keys.isin(list(fit_on)) & functionals["status"].isin(USABLE).to_numpy()
    values = _scoped(functionals, scope)[chosen]
    return Levels({name: _tertiles(values[name].dropna()) for name in VALUES}, scope)


def _tertiles(values: pd.Series) -> tuple[float, float] | None:
    if len(values) < FEWEST_ROWS:
        log.warning("%d voices with %s to compare: all are called normal", len(values), values.name)
        return None
    low, high = np.quantile(values, [1 / 3, 2 / 3], method="linear")
    return float(low), float(high)


def _scoped(functionals: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    values = functionals[VALUES]
    if scope == "corpus":
        return values
    usable = values.where(functionals["status"].isin(USABLE))
    medians = usable.groupby(functionals["video_id"]).transform("median")
    # Nothing can be a multiple of no loudness at all: such a video has no reference.
    medians[list(RATIOS)] = medians[list(RATIOS)].where(medians[list(RATIOS)] > 0)
    return pd.DataFrame(
        {
            name: values[name] / medians[name] if name in RATIOS else values[name] - medians[name]
            for name in VALUES
        }
    )


def _level(values: pd.Series, thresholds: tuple[float, float] | None) -> pd.Series:
    low, high = thresholds or (-np.inf, np.inf)
    # Where a third of the values and more are the same, both thresholds are that value.
    usual = (values < high) | ((values == high) & (low == high))
    words = np.select([values < low, usual], LEVEL_NAMES[:2], default=LEVEL_NAMES[2])
    return pd.Series(words, index=values.index, dtype="object").where(values.notna(), None)

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

FEWEST_ROWS = 3
# What grows with the recording's gain or the speaker's size is compared as a ratio.
RATIOS = ("loudness", "f0_hz")
Scope = Literal["corpus", "video"]


@dataclass(frozen=True)
class Levels:
    """Thresholds of the three levels.

    thresholds: for each of the four values (t1, t2): below t1 low, below t2 normal, else high;
        None where all is normal.
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

    Where fewer than 3 rows are usable there is nothing to compare a voice with: there are no
    thresholds, and every voice is normal. A corpus without sound can still be worked on.
    """
    keys = pd.MultiIndex.from_frame(functionals[KEY])
    chosen = keys.isin(list(fit_on)) & functionals["status"].isin(USABLE).to_numpy()
    values = _scoped(functionals, scope)[chosen]
    if len(values) < FEWEST_ROWS:
        log.warning("%d voices to fit the levels on: every voice is called normal", len(values))
        return Levels(dict.fromkeys(VALUES), scope)
    thresholds: dict[str, tuple[float, float] | None] = {}
    for name in VALUES:
        low, high = np.quantile(values[name], [1 / 3, 2 / 3], method="linear")
        thresholds[name] = (float(low), float(high))
    return Levels(thresholds, scope)


def _scoped(functionals: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    values = functionals[VALUES]
    if scope == "corpus":
        return values
    usable = values.where(functionals["status"].isin(USABLE))
    medians = usable.groupby(functionals["video_id"]).transform("median")
    return pd.DataFrame(
        {
            name: values[name] / medians[name] if name in RATIOS else values[name] - medians[name]
            for name in VALUES
        }
    )


def _level(values: pd.Series, thresholds: tuple[float, float] | None) -> pd.Series:
    low, high = thresholds or (-np.inf, np.inf)
    words = np.select([values < low, values < high], ["low", "normal"], default="high")
    return pd.Series(words, index=values.index, dtype="object").where(values.notna(), None)

"""How far a metric would move on other speakers: bootstrap and permutation over videos.

The clips of one video share speaker, topic and microphone, so that a bootstrap over clips would
take them for independent and give intervals that are too narrow. Here a resample draws videos with
replacement and takes all clips of each (the cluster bootstrap: Davison and Hinkley, Bootstrap
Methods and their Application, 1997, section 3.8). With few videos such intervals are too narrow:
in simulations (benchmarks/coverage.py) those at 95% held the true MAE in 79% of cases with 5
videos, 87% with 10, 90% with 20 and 92% with 31. A test by them would reject too often (17.6%,
11.3%, 7.8% and 7.1% at p < 0.05), which is why p comes from a permutation test. Its rate of false
alarms is at most the stated one (there 0%, 4.9%, 4.7% and 5.1%, within what 2,000 trials tell),
however few the videos, where the two predictors are exchangeable: where a video's difference is as
often so much in favour of the one as of the other. Equal means alone do not give that: a predictor
that is rarely far off and one that is always a little off are rejected too often (there 14.9%, with
10 videos and differences that are 1 less a log-normal of mean 1: its sigma is 1).

Every metric is a function of sums over rows, and a resample is a count per video. So a row-wise
quantity is summed once per video, and one product with the counts gives its sum in every resample.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import zscore

from devaflow.evaluate.metrics import (
    METRICS,
    ROUNDED,
    Binary,
    Floats,
    binary_readings,
    nearest_class,
    rounded,
    varies,
)

Total = Callable[[npt.NDArray], Floats]
Metrics = dict[str, Floats]

LEVEL = 0.95
RESAMPLING_SEED = 0
# Below this share of the mean square, a variance is the rounding error of a constant.
CONSTANT = 1e-12
# Sums in another order differ by less than this; differences that are nearer count as equal.
TIE = 1e-9


@dataclass(frozen=True)
class Interval:
    """A percentile interval; None where fewer than two videos or no resample defined the metric.

    `undefined` counts the resamples that were dropped because the metric did not exist in them.
    """

    low: float | None
    high: float | None
    undefined: int

    @property
    def bounds(self) -> list[float | None] | None:
        """Low and high as they are written to a file; None where there are none."""
        return None if self.low is None else [rounded(self.low), rounded(self.high)]


@dataclass(frozen=True)
class Difference:
    """First minus second on the same rows, with its interval over paired resamples.

    `p` is two-sided: the share of permutations with a difference at least as large as the observed
    one, which is one of them, so that p is never 0.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None


def intervals(
    video: npt.ArrayLike,
    label: npt.ArrayLike,
    predictions: npt.ArrayLike,
    n: int = 1000,
    seed: int = RESAMPLING_SEED,
) -> dict[str, Interval]:
    """The interval of each metric's mean over training seeds, by resampling videos.

    `video` (rows,) names each row's video, `label` is (rows,), `predictions` (seeds, rows): every
    seed is scored on the same resampled videos. A resample in which the metric is undefined for
    one of the seeds is dropped and counted.
    """
    counts, group = _resamples(video, n, seed)
    metrics = _mean_metrics(counts, group, label, predictions)
    return {name: _interval(metrics[name], counts) for name in METRICS}


def mean_interval(video: npt.ArrayLike, values: npt.ArrayLike, n: int = 1000) -> Interval:
    """The interval of the mean of `values` (rows,), by resampling videos."""
    counts, group = _resamples(video, n, RESAMPLING_SEED)
    sums = np.bincount(group, weights=np.asarray(values, dtype=np.float64))
    means = (counts @ sums) / (counts @ np.bincount(group))
    return _interval(means, counts)


def paired(
    video: npt.ArrayLike,
    label: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    n: int = 1000,
    seed: int = RESAMPLING_SEED,
) -> dict[str, Difference]:
    """What `first` scores more than `second`, each of shape (seeds, rows), on the same videos.

    A difference of MAE below zero speaks for `first`; of any other metric, for `second`. Were both
    equally good, one could take the other's place in any video: a permutation swaps all their
    predictions of a video, or none, with probability 1/2 each (Good, Permutation, Parametric, and
    Bootstrap Tests of Hypotheses, 2005). A correlation does not see the scale of predictions, so
    that equally good ones need not be exchangeable: for it each run is standardised first. There
    are `n` resamples; and `n` permutations, or all, where there are no more than `n` that differ.
    """
    counts, group = _resamples(video, n, seed)
    drawn = [_mean_metrics(counts, group, label, runs) for runs in (first, second)]
    swapped = _swapped(counts.shape[1], n, seed)
    permuted = _permuted_differences(swapped, group, label, first, second)
    found = {}
    for name in METRICS:
        value = float(permuted[name][0])
        around = _interval(drawn[0][name] - drawn[1][name], counts)
        found[name] = Difference(
            value=None if np.isnan(value) else value,
            low=around.low,
            high=around.high,
            p=None if around.low is None or np.isnan(value) else _two_sided(permuted[name]),
        )
    return found


def _resamples(video: npt.ArrayLike, n: int, seed: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """How often each resample draws each video (n, videos), and each row's video (rows,)."""
    names, group = np.unique(np.asarray(video, dtype=object), return_inverse=True)
    share = np.full(len(names), 1 / len(names))
    drawn = np.random.default_rng(seed).multinomial(len(names), share, size=n)
    return drawn.astype(np.float64), group


def _interval(values: Floats, counts: Floats) -> Interval:
    """The interval of a figure, given its value in every resample (NaN where undefined)."""
    defined = values[~np.isnan(values)]
    undefined = len(values) - len(defined)
    if counts.shape[1] < 2 or len(defined) == 0:
        return Interval(None, None, undefined)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Interval(float(low), float(high), undefined)


def _swapped(videos: int, n: int, seed: int) -> Floats:
    """Which videos are swapped, (permutations, videos) of 0 and 1, none in the first.

    To swap all others instead turns the sign of a difference, which two sides do not see, so that
    2^(videos - 1) permutations are all there are. Where these are more than `n`, `n` are drawn.
    """
    if 2 ** (videos - 1) <= n:
        number = np.arange(2 ** (videos - 1))
        return (number[:, None] >> np.arange(videos) & 1).astype(np.float64)
    drawn = np.random.default_rng(seed).integers(0, 2, (n, videos))
    return np.vstack([np.zeros((1, videos)), drawn])


def _permuted_differences(
    swapped: Floats,
    group: npt.NDArray[np.intp],
    label: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
) -> Metrics:
    """First minus second in every permutation, (permutations,), NaN where undefined.

    Each row stands twice, with the prediction of either, and every video as two: a permutation
    counts one of the two once and the other not at all.
    """
    both = [np.atleast_2d(np.asarray(runs, dtype=np.float64)) for runs in (first, second)]
    twice = np.concatenate([group, group + swapped.shape[1]])
    labels = np.tile(np.asarray(label, dtype=np.float64), 2)
    sides = [np.hstack([1 - swapped, swapped]), np.hstack([swapped, 1 - swapped])]

    def differences(pair: list[Floats], metrics_of: Callable[..., Metrics]) -> Metrics:
        runs = math.lcm(*map(len, pair))
        beside = np.hstack([np.tile(each, (runs // len(each), 1)) for each in pair])
        left, right = (
            _mean_metrics(weights, twice, labels, beside, metrics_of) for weights in sides
        )
        return {name: left[name] - right[name] for name in left}

    alike = [_standardised(runs) for runs in both]
    return differences(both, _of_raw) | differences(alike, _of_standardised)


def _standardised(runs: Floats) -> Floats:
    """Each run less its mean, in units of its deviation; a constant stays one."""
    return np.array([zscore(run) if varies(run) else np.zeros_like(run) for run in runs])


def _two_sided(differences: Floats) -> float:
    """The share of differences at least as far from zero as the first, which is the observed."""
    defined = np.abs(differences[~np.isnan(differences)])
    return float(np.mean(defined >= defined[0] - TIE))


def _metrics(total: Total, label: Floats, prediction: Floats) -> Metrics:
    """The metrics of `devaflow.evaluate.metrics.scores`, from sums over the drawn rows."""
    sums = (total, label, prediction)
    return _of_raw(*sums) | _of_standardised(*sums)


def _of_raw(total: Total, label: Floats, prediction: Floats) -> Metrics:
    """All but a correlation, from sums over the drawn rows."""
    rows = total(np.ones(len(label)))
    found = {"MAE": total(np.abs(label - prediction)) / rows}
    for reading in binary_readings(label, prediction):
        found[reading.accuracy], found[reading.f1] = _two_class(total, reading)
    for name, bound in ROUNDED.items():
        found[name] = total(nearest_class(label, bound) == nearest_class(prediction, bound)) / rows
    return found


def _of_standardised(total: Total, label: Floats, prediction: Floats) -> Metrics:
    """Pearson's correlation, from sums over the drawn rows."""
    if not (varies(label) and varies(prediction)):
        return {"Pearson": np.full_like(total(label), np.nan)}
    # Shifting by a value of the data keeps the sums small, and those of a constant exactly zero.
    x, y = label - np.median(label), prediction - np.median(prediction)
    rows = total(np.ones(len(label)))
    mean_x, mean_y = total(x) / rows, total(y) / rows
    square_x, square_y = total(x * x) / rows, total(y * y) / rows
    variance_x, variance_y = square_x - mean_x**2, square_y - mean_y**2
    drawn = (variance_x > CONSTANT * square_x) & (variance_y > CONSTANT * square_y)
    covariance = total(x * y) / rows - mean_x * mean_y
    deviations = np.sqrt(np.where(drawn, variance_x * variance_y, 0.0))
    return {"Pearson": _ratio(covariance, deviations)}


def _mean_metrics(
    counts: Floats,
    group: npt.NDArray[np.intp],
    label: npt.ArrayLike,
    predictions: npt.ArrayLike,
    metrics_of: Callable[[Total, Floats, Floats], Metrics] = _metrics,
) -> Metrics:
    """Each metric's mean over seeds in every resample, (resamples,), NaN where undefined."""

    def total(rows: npt.NDArray) -> Floats:
        return counts @ np.bincount(group, weights=rows, minlength=counts.shape[1])

    truth = np.asarray(label, dtype=np.float64)
    each = [
        metrics_of(total, truth, prediction)
        for prediction in np.atleast_2d(np.asarray(predictions, dtype=np.float64))
    ]
    return {name: np.mean([metrics[name] for metrics in each], axis=0) for name in each[0]}


def _two_class(total: Total, reading: Binary) -> tuple[Floats, Floats]:
    """Accuracy and support-weighted F1; NaN where no row is kept."""
    kept = total(reading.kept)
    correct = np.zeros_like(kept)
    f1 = np.zeros_like(kept)
    for side in (True, False):
        support = total(reading.kept & (reading.truth == side))
        guessed = total(reading.kept & (reading.guess == side))
        hit = total(reading.kept & (reading.truth == side) & (reading.guess == side))
        correct += hit
        f1 += support * _ratio(2 * hit, support + guessed, otherwise=0.0)
    return _ratio(correct, kept), _ratio(f1, kept)


def _ratio(part: Floats, whole: Floats, otherwise: float = np.nan) -> Floats:
    return np.divide(part, whole, out=np.full_like(whole, otherwise), where=whole > 0)

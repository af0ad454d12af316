"""How often intervals over videos hold the truth, and how often tests see a difference in nothing.

    python benchmarks/coverage.py [TRIALS]

Corpora are drawn at random, of few videos and of many, with 20 clips each; half of the variance of
an error is its video's. Of each: whether the 95% interval of the MAE holds its true value; and of
two predictors that are equally good, how often the interval of their difference leaves out 0, and
how often p < 0.05. Of 2,000 trials, a share of 5% has a standard error of half a percent.

In the last line one predictor's error is always 1, the other's (one a video) is log-normal with
mean 1 and sigma 1: they are equally good, but not exchangeable.
"""

import argparse

import numpy as np

from devaflow.evaluate.intervals import Difference, Interval, intervals, paired

CLIPS = 20
# Mean of the absolute value of a normal error with variance 1 + 1.
TRUE_MAE = 2 / np.sqrt(np.pi)


def main() -> None:
    """Print, for each number of videos, the three shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=int, nargs="?", default=2000)
    trials = parser.parse_args().trials
    print("videos  interval holds the MAE  interval of the difference leaves out 0  p < 0.05")
    for videos in (5, 10, 20, 31):
        rng = np.random.default_rng(videos)
        found = [_equally_good(videos, rng) for _ in range(trials)]
        held = np.mean([one.low <= TRUE_MAE <= one.high for one, _ in found])
        print(f"{videos:6}  {held:22.1%}  {_alarms([difference for _, difference in found])}")
    rng = np.random.default_rng(0)
    alarms = _alarms([_seldom_far_off(10, rng) for _ in range(trials)])
    print(f"{10:6}  {'(not exchangeable)':>22}  {alarms}")


def _equally_good(videos: int, rng: np.random.Generator) -> tuple[Interval, Difference]:
    video = np.repeat(np.arange(videos), CLIPS)
    first, second = (
        rng.normal(size=len(video)) + np.repeat(rng.normal(size=videos), CLIPS) for _ in range(2)
    )
    label = np.zeros(len(video))
    seed = int(rng.integers(2**31))
    return (
        intervals(video, label, first, seed=seed)["MAE"],
        paired(video, label, first, second, seed=seed)["MAE"],
    )


def _seldom_far_off(videos: int, rng: np.random.Generator) -> Difference:
    error = rng.lognormal(mean=-0.5, size=videos)
    seed = int(rng.integers(2**31))
    label = np.zeros(videos)
    return paired(np.arange(videos), label, np.ones(videos), error, seed=seed)["MAE"]


def _alarms(differences: list[Difference]) -> str:
    by_interval = np.mean([not one.low <= 0 <= one.high for one in differences])
    return f"{by_interval:39.1%}  {np.mean([one.p < 0.05 for one in differences]):8.1%}"


if __name__ == "__main__":
    main()

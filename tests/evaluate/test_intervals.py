import numpy as np
import pytest
from scipy.stats import permutation_test

from devaflow.evaluate import intervals as module
from devaflow.evaluate.intervals import intervals, mean_interval, paired
from devaflow.evaluate.metrics import METRICS, scores


@pytest.fixture
def corpus():
    rng = np.random.default_rng(5)
    video = np.repeat([f"v{i}" for i in range(12)], rng.integers(1, 9, 12))
    label = np.round(rng.uniform(-3, 3, len(video)) * 5) / 5
    label[::6] = 0
    predictions = label + rng.normal(0, 1.2, (3, len(video)))
    return video, label, predictions


@pytest.fixture
def neutral_video():
    """Two videos, one of which is neutral and always given the same score."""
    video = np.repeat(["a", "b"], 4)
    label = np.array([0, 0, 0, 0, -2, -0.4, 1, 2.2])
    return video, label, np.array([[0.5] * 4 + [-1, 0.2, 0.7, 2.0], [0.5] * 4 + [-2, -0.2, 0.7, 1]])


@pytest.mark.parametrize("drawn_from", ["corpus", "neutral_video"])
def test_every_resample_scores_what_the_drawn_rows_score(drawn_from, request):
    """A metric that the drawn rows do not have is not a number."""
    video, label, predictions = request.getfixturevalue(drawn_from)
    counts, group = module._resamples(video, n=25, seed=3)
    drawn = module._mean_metrics(counts, group, label, predictions)
    names = np.unique(video)
    for sample, times in enumerate(counts.astype(int)):
        rows = [
            row
            for name, often in zip(names, times, strict=True)
            for _ in range(often)
            for row in np.flatnonzero(video == name)
        ]
        each = [scores(label[rows], prediction[rows]) for prediction in predictions]
        for metric in METRICS:
            values = [np.nan if one[metric] is None else one[metric] for one in each]
            assert drawn[metric][sample] == pytest.approx(np.mean(values), nan_ok=True)


def test_a_resample_draws_as_many_videos_as_there_are(corpus):
    video, *_ = corpus
    counts, _ = module._resamples(video, n=50, seed=0)
    assert (counts.sum(axis=1) == 12).all()
    assert counts.shape == (50, 12)


def test_the_interval_holds_the_observed_value(corpus):
    video, label, predictions = corpus
    found = intervals(video, label, predictions)
    each = [scores(label, prediction) for prediction in predictions]
    for metric in METRICS:
        observed = np.mean([one[metric] for one in each])
        assert found[metric].low < observed < found[metric].high


def test_an_interval_leaves_out_a_fortieth_of_the_resamples_at_either_end(corpus):
    video, label, predictions = corpus
    counts, group = module._resamples(video, n=1000, seed=0)
    drawn = module._mean_metrics(counts, group, label, predictions)["MAE"]
    found = intervals(video, label, predictions)["MAE"]
    assert [(drawn < found.low).mean(), (drawn > found.high).mean()] == [0.025, 0.025]


def test_the_same_seed_gives_the_same_interval_and_another_does_not(corpus):
    assert intervals(*corpus, seed=1) == intervals(*corpus, seed=1)
    assert intervals(*corpus, seed=1) != intervals(*corpus, seed=2)


def test_clips_of_one_video_are_not_taken_for_independent():
    rng = np.random.default_rng(0)
    video = np.repeat(np.arange(20).astype(str), 30)
    offset = np.repeat(rng.normal(0, 1, 20), 30)
    by_video = intervals(video, np.zeros(600), offset)["MAE"]
    by_clip = intervals(np.arange(600).astype(str), np.zeros(600), offset)["MAE"]
    assert by_video.high - by_video.low > 3 * (by_clip.high - by_clip.low)


def test_about_95_of_100_intervals_cover_the_truth():
    rng = np.random.default_rng(1)
    video = np.repeat(np.arange(60).astype(str), 4)
    hits = 0
    for trial in range(200):
        wrong = np.repeat(rng.random(60) < 0.3, 4)
        found = intervals(video, np.ones(240), np.where(wrong, -1.0, 1.0), n=300, seed=trial)
        hits += found["Acc-2"].low <= 0.7 <= found["Acc-2"].high
    assert 178 <= hits <= 198


def test_resamples_without_the_metric_are_dropped_and_counted():
    video = ["a", "b", "c"]
    found = intervals(video, [0.0, 0.0, 1.0], [0.2, -0.3, 0.5], n=400)
    # No label but 0 is drawn when "c" is not: (2/3)^3 of the resamples.
    assert found["Acc-2-Non0"].undefined == pytest.approx(400 * 8 / 27, abs=40)
    assert found["Acc-2-Non0"].low == 1.0
    assert found["Acc-2"].undefined == 0


def test_a_constant_prediction_has_no_interval_for_its_correlation(corpus):
    video, label, _ = corpus
    found = intervals(video, label, np.full(len(label), 0.1234567), n=200)["Pearson"]
    assert (found.low, found.high, found.undefined) == (None, None, 200)


def test_one_video_gives_no_interval():
    found = intervals(["a", "a"], [1.0, -1.0], [0.5, 0.2], n=10)
    assert found["MAE"].low is None


def test_paired_equals_zero_for_a_predictor_against_itself(corpus):
    video, label, predictions = corpus
    found = paired(video, label, predictions, predictions)["MAE"]
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_a_metric_that_one_of_two_lacks_has_no_difference(corpus):
    video, label, predictions = corpus
    found = paired(video, label, predictions, np.full((1, len(label)), 0.1234567), n=200)
    assert found["Pearson"].value is None
    assert found["Pearson"].p is None
    assert found["MAE"].p < 0.05


def test_a_network_that_collapsed_up_to_rounding_has_no_correlation(corpus):
    video, label, predictions = corpus
    collapsed = 0.3 + 1e-8 * predictions[:1]
    assert scores(label, collapsed[0])["Pearson"] is None
    assert paired(video, label, predictions, collapsed, n=200)["Pearson"].value is None


def test_paired_sees_a_small_steady_gain_that_single_intervals_hide(corpus):
    video, label, predictions = corpus
    better = label + 0.9 * (predictions - label)
    gain = paired(video, label, better, predictions)["MAE"]
    assert gain.high < 0
    assert gain.p < 0.01
    alone, other = (intervals(video, label, p)["MAE"] for p in (better, predictions))
    assert alone.high > other.low


def test_paired_is_the_difference_of_the_means_over_seeds(corpus):
    video, label, predictions = corpus
    second = predictions[:2] + 0.3
    means = [
        np.mean([scores(label, run)["Acc-2"] for run in runs]) for runs in (predictions, second)
    ]
    found = paired(video, label, predictions, second)["Acc-2"]
    assert found.value == pytest.approx(means[0] - means[1])


@pytest.mark.parametrize("gain", [0.0, 0.02, 0.05, 0.1])
def test_p_agrees_with_another_permutation_test_and_with_the_bootstrap(gain):
    rng = np.random.default_rng(7)
    video = np.repeat(np.arange(60).astype(str), 10)
    label = rng.uniform(-3, 3, 600)
    first, second = (label + rng.normal(0, 1, (2, 600))) * [[1], [1 + gain]]
    first = label + (first - label) * (1 - gain)
    found = paired(video, label, first, second, n=2000)["MAE"]

    errors = [np.abs(label - run).reshape(60, 10).sum(axis=1) for run in (first, second)]
    swaps = permutation_test(
        errors,
        lambda a, b, axis: (a - b).sum(axis=axis),
        permutation_type="samples",
        n_resamples=4999,
        vectorized=True,
        rng=1,
    )
    assert found.p == pytest.approx(swaps.pvalue, abs=0.03)

    drawn = rng.integers(0, 60, (4000, 60))
    gains = (errors[0] - errors[1])[drawn].sum(axis=1)
    bootstrap = 2 * min(np.mean(gains <= 0), np.mean(gains >= 0))
    assert found.p == pytest.approx(bootstrap, abs=0.04)


def test_a_permutation_scores_what_the_swapped_predictions_score(corpus):
    video, label, predictions = corpus
    first, second = predictions[:2], predictions[2:]  # two seeds against one
    _, group = np.unique(video, return_inverse=True)
    swapped = module._swapped(12, n=8, seed=4)
    found = module._permuted_differences(swapped, group, label, first, second)
    for place, swap in enumerate(swapped[:, group].astype(bool)):
        one = [scores(label, np.where(swap, second[0], run)) for run in first]
        other = [scores(label, np.where(swap, run, second[0])) for run in first]
        for metric in set(METRICS) - {"Pearson"}:
            left, right = (np.mean([run[metric] for run in side]) for side in (one, other))
            assert found[metric][place] == pytest.approx(left - right)


def test_a_difference_is_that_of_the_scores(corpus):
    video, label, predictions = corpus
    sides = predictions[:2], 0.5 * predictions[2:] + 0.3
    found = paired(video, label, *sides, 50)
    one, other = ([scores(label, run) for run in side] for side in sides)
    for metric in METRICS:
        left, right = (np.mean([run[metric] for run in side]) for side in (one, other))
        assert found[metric].value == pytest.approx(left - right), metric


def test_p_of_a_correlation_does_not_depend_on_the_scale_of_predictions(corpus):
    video, label, predictions = corpus
    first, second = predictions[:1], predictions[1:2]
    same, other = (paired(video, label, first, run) for run in (second, 0.2 * second + 1))
    assert other["Pearson"].value == pytest.approx(same["Pearson"].value)
    assert other["Pearson"].p == same["Pearson"].p
    assert other["MAE"].p != same["MAE"].p


def test_p_of_a_correlation_is_right_for_equally_good_predictors_of_another_scale():
    """Swapped as they are, they would be told apart at p < 0.1 in one of 150 cases."""
    rng = np.random.default_rng(3)
    video, alarms = np.repeat(np.arange(20), 8), 0
    for trial in range(150):
        label = rng.normal(0, 1, 160)
        first, second = label + rng.normal(0, 1, (2, 160))
        found = paired(video, label, first, 0.3 * second + 1, n=150, seed=trial)
        alarms += found["Pearson"].p < 0.1
    assert 6 <= alarms <= 24


def test_few_videos_raise_no_more_false_alarms_than_many():
    """The bootstrap would reject two equal predictors of five videos in about 17 cases of 100."""
    rng = np.random.default_rng(2)
    video = np.repeat(list("abcdefg"), 20)
    alarms = 0
    for trial in range(150):
        first, second = rng.normal(0, 1, (2, 140)) + np.repeat(rng.normal(0, 1, (2, 7)), 20, axis=1)
        alarms += paired(video, np.zeros(140), first, second, n=150, seed=trial)["MAE"].p < 0.05
    assert 1 <= alarms <= 15


@pytest.mark.parametrize("videos", [3, 10])
def test_with_few_videos_p_is_the_exact_share_of_all_permutations(videos):
    video, label = np.repeat(np.arange(videos), 2), np.zeros(2 * videos)
    good, bad = label + 0.1, label + 1 + video
    assert paired(video, label, good, bad)["MAE"].p == 2 / 2**videos  # none swapped, or all

    good[video == 0] = 1.5
    errors = [run.reshape(videos, 2).mean(axis=1) for run in (good, label + 1)]
    exact = permutation_test(
        errors,
        lambda a, b, axis: (a - b).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
    )
    found = paired(video, label, good, label + 1)["MAE"]
    assert found.p == pytest.approx(exact.pvalue)
    assert found.p > 2 / 2**videos


def test_the_interval_of_a_mean_is_that_of_a_metric_that_is_one(corpus):
    video, label, predictions = corpus
    errors = np.abs(label - predictions[0])
    found, metric = mean_interval(video, errors), intervals(video, label, predictions[0])["MAE"]
    assert (found.low, found.high) == pytest.approx((metric.low, metric.high))

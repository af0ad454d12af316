"""The search, over a score that is known, and over a real training."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
import yaml
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from devaflow.errors import InputError
from devaflow.model.inputs import Inputs
from devaflow.model.run import DivergedError
from devaflow.model.search import as_configuration, cross_validated, search, search_variant
from devaflow.model.search_space import ranges
from devaflow.model.views import Transcripts

VARIANT = {
    "model": {"network": "devanet", "modality_tokens": 2, "encoder_heads": 4},
    "loss": {"regression": "mse", "regression_weight": 0.5, "binary_weight": 0.5},
    "training": {
        "learning_rate": 1.0e-5,
        "weight_decay": 0.0,
        "clip_norm": 0.5,
        "schedule": "cosine",
        "patience": 5,
        "epochs": 3,
    },
}
SPACE = {
    "training": {"learning_rate": {"low": 1.0e-5, "high": 1.0e-1, "log": True}},
    "model": {"dropout": None, "modality_tokens": {"choices": [2, 4]}},
}


class StoppedError(Exception):
    """What stands for a kill: nothing is told of the trial."""


def bowl(variant: Mapping[str, Any]) -> Iterator[float]:
    """Three folds; the learning rate should be 1e-3, and four tokens are better than two."""
    rate = variant["training"]["learning_rate"]
    for fold in range(3):
        few = variant["model"]["modality_tokens"] == 2
        yield abs(rate - 1e-3) * 100 + 0.1 * few + 0.01 * fold


def stopping_after(folds: int) -> Callable:
    """The score, until it has been given for so many folds."""
    left = iter(range(folds))

    def score(variant: Mapping[str, Any]) -> Iterator[float]:
        for mae in bowl(variant):
            if next(left, None) is None:
                raise StoppedError
            yield mae

    return score


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., list]:
    def run(score: Callable = bowl, trials: int = 25, name: str = "study", seed: int = 1) -> list:
        settings = {"trials": trials, "folds": 3, "seed": seed}
        journal = tmp_path / "journal.log"
        return search(VARIANT, ranges(VARIANT, SPACE), score, settings, journal, name)

    return run


def test_the_first_trial_is_what_is_configured_and_a_better_one_is_found(found: Callable) -> None:
    trials = found()
    assert len(trials) == 25
    first = {"training": {"learning_rate": 1.0e-5}, "model": {"modality_tokens": 2}}
    assert trials[0]["settings"] == first
    assert trials[0]["mae_after_fold"] == pytest.approx([0.199, 0.209, 0.219])
    written = yaml.safe_load(as_configuration("v", "grouped", trials))
    assert written["protocols"] == ["grouped"], "other test segments were searched with"
    best = written["variants"]["v"]
    assert best["model"]["modality_tokens"] == 4
    assert 3e-4 < best["training"]["learning_rate"] < 3e-3


def test_a_trial_worse_than_half_of_those_before_it_is_given_up(found: Callable) -> None:
    """However easy its first fold was: they are compared after the same fold."""

    def falling(variant: Mapping[str, Any]) -> Iterator[float]:
        error = abs(variant["training"]["learning_rate"] - 1e-3)
        yield from (error, 2 + error, 1 + error)

    trials = found(falling)
    for place, trial in enumerate(trials):
        before = [t["mae_after_fold"][1] for t in trials[:place]]
        worse = place >= 5 and trial["mae_after_fold"][1] > np.median(before)
        assert trial["state"] == ("pruned" if worse else "complete")
        assert len(trial["mae_after_fold"]) == (2 if worse else 3)
        assert (trial["mae"] is None) == worse
    assert {trial["state"] for trial in trials} == {"pruned", "complete"}


def test_a_search_that_was_interrupted_finds_what_an_undisturbed_one_finds(
    found: Callable,
) -> None:
    undisturbed = found(name="undisturbed")
    for folds in (0, 2, 20):
        with pytest.raises(StoppedError):
            found(stopping_after(folds), name=f"stopped after {folds}")
        assert found(name=f"stopped after {folds}") == undisturbed


def test_the_largest_seed_has_trials_too(found: Callable) -> None:
    assert len(found(trials=2, seed=2**32 - 1)) == 2


@pytest.mark.parametrize("left", ["lock", "half a line", "both"])
def test_what_a_kill_has_left_stops_no_search(
    left: str, found: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = found(trials=4, name="undisturbed")
    monkeypatch.chdir(tmp_path)
    journal = Path("results/journal.log")
    given = (VARIANT, ranges(VARIANT, SPACE), bowl)
    search(*given, {"trials": 3, "folds": 3, "seed": 1}, journal, "x")
    if left != "half a line":
        Path(f"{journal}.lock").symlink_to(journal)
    if left != "lock":
        journal.write_bytes(journal.read_bytes()[:-5])
    again = search(*given, {"trials": 4, "folds": 3, "seed": 1}, journal, "x")
    assert again == undisturbed


def test_more_trials_go_on_from_those_that_there_are(found: Callable) -> None:
    first = found(trials=5)

    def counted(variant: Mapping[str, Any]) -> Iterator[float]:
        tried.append(variant)
        yield from bowl(variant)

    tried: list = []
    assert found(counted, trials=8)[:5] == first
    assert len(tried) == 3


def test_a_trial_that_diverges_is_recorded_and_the_search_goes_on(found: Callable) -> None:
    def wild(variant: Mapping[str, Any]) -> Iterator[float]:
        if variant["training"]["learning_rate"] > 1e-3:
            raise DivergedError("loss inf")
        yield from bowl(variant)

    states = [trial["state"] for trial in found(wild, trials=12)]
    assert len(states) == 12
    assert {"diverged", "complete"} <= set(states)


def test_a_trial_that_cannot_be_trained_does_not_hold_up_the_search(found: Callable) -> None:
    def narrow(variant: Mapping[str, Any]) -> Iterator[float]:
        if variant["training"]["learning_rate"] > 1e-3:
            raise torch.OutOfMemoryError("no memory is left")
        yield from bowl(variant)

    trials = found(narrow, trials=12)
    assert {"failed", "complete"} <= {trial["state"] for trial in trials}
    assert found(narrow, trials=12) == trials


def test_what_is_configured_must_be_trainable(found: Callable) -> None:
    def broken(variant: Mapping[str, Any]) -> Iterator[float]:
        raise InputError("no such encoder")
        yield

    with pytest.raises(InputError, match="no such encoder"):
        found(broken, trials=2)


def test_without_a_complete_trial_there_is_no_best(found: Callable) -> None:
    def wild(variant: Mapping[str, Any]) -> Iterator[float]:
        raise DivergedError("loss inf")
        yield

    with pytest.raises(InputError, match="no trial was trained to its end"):
        as_configuration("v", "official", found(wild, trials=2))


def test_settings_that_diverged_as_configured_are_said_to_have() -> None:
    trials = [
        {"state": "diverged", "mae": None, "settings": {}},
        {"state": "complete", "mae": 0.5, "settings": {"model": {"dropout": 0.1}}},
    ]
    assert "(as configured: diverged)" in as_configuration("v", "official", trials)


def test_the_error_is_that_of_the_held_out_segments_of_all_folds_so_far(inputs: Inputs) -> None:
    wrong = iter([1.0, 2.0, 3.0, 4.0])

    def train(seen: Inputs) -> pd.DataFrame:
        assert seen.segments["split"].ne("unused").equals(inputs.segments["split"].eq("train"))
        held_out = seen.segments["split"] == "test"
        return seen.segments.assign(prediction=seen.segments["label"] + held_out * next(wrong))

    # The folds have 6, 6, 4 and 4 segments.
    assert list(cross_validated(inputs, 4, 1, train)) == pytest.approx([1.0, 1.5, 1.875, 2.3])


def test_a_variant_is_trained_on_each_fold_and_scored_where_it_was_not(
    inputs: Inputs, tmp_path: Path
) -> None:
    settings = {"folds": 3, "seed": 1, "trials": 2, "space": SPACE}
    transcripts = inputs.segments[["video_id", "clip_id"]].assign(text="x")
    read = (inputs, Transcripts(transcripts, {}, 32), VARIANT)
    given = (*read, settings, "cpu")
    journal = tmp_path / "search/journal.log"
    trials = search_variant(*given, journal, "data")
    assert [len(trial["mae_after_fold"]) for trial in trials] == [3, 3]
    assert trials[0]["mae"] != trials[1]["mae"]
    assert search_variant(*given, journal, "data") == trials
    assert tried(journal) == [2], "nothing was tried again"
    assert search_variant(*given, journal, "other data") == trials
    assert tried(journal) == [2, 2], "what was tried on other data does not count"
    search_variant(*read, settings | {"seed": 2}, "cpu", journal, "data")
    assert tried(journal) == [2, 2, 2], "nor what was tried on other folds"


def tried(journal: Path) -> list[int]:
    """How many trials each study in the journal has."""
    storage = JournalStorage(JournalFileBackend(str(journal)))
    return [study.n_trials for study in optuna.get_all_study_summaries(storage)]

"""Search for better settings of a variant (Optuna), scored by cross-validation inside train."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import torch
import yaml
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from devaflow.encode.device import device_name
from devaflow.errors import InputError
from devaflow.jobs import counter, log
from devaflow.model.folds import held_out_in_turn
from devaflow.model.inputs import Inputs
from devaflow.model.run import DivergedError
from devaflow.model.search_space import Range, nested, ranges
from devaflow.model.settings import overlaid
from devaflow.model.variant import train_variant
from devaflow.model.views import Transcripts

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
LEFT = "left"  # why a trial was not trained to its end: diverged or failed
# So many trials are seen through before one is given up for being worse than the median.
SEEN_THROUGH = 5

Score = Callable[[Mapping[str, Any]], Iterator[float]]


def search_variant(
    inputs: Inputs,
    transcripts: Transcripts,
    variant: Mapping[str, Any],
    settings: Mapping[str, Any],
    device: str,
    journal: Path,
    given: str,
) -> list[dict[str, Any]]:
    """The trials of `search` for a variant, under the configuration's section `search`.

    given: a checksum of all that the trials depend on beside the settings. The other arguments are
    those of `train_variant` and of `search`.
    """
    folds, seed = settings["folds"], settings["seed"]

    def score(changed: Mapping[str, Any]) -> Iterator[float]:
        def train(seen: Inputs) -> pd.DataFrame:
            return train_variant(seen, transcripts, changed, seed, device).predictions

        return cross_validated(inputs, folds, seed, train)

    # More trials are the same search gone on with; anything else is another one.
    same = {key: value for key, value in settings.items() if key != "trials"}
    all_of_it = json.dumps(
        [given, variant, transcripts.max_tokens, same, device_name(device)], sort_keys=True
    )
    name = hashlib.sha256(all_of_it.encode()).hexdigest()
    space = ranges(variant, settings["space"])
    return search(variant, space, score, settings, journal, name)


def cross_validated(
    inputs: Inputs, folds: int, seed: int, train: Callable[[Inputs], pd.DataFrame]
) -> Iterator[float]:
    """The MAE over all folds so far, after each fold.

    The train segments are parted into folds by video. Of each fold every segment is predicted
    once, by a network that was trained on the others, less one fold that its epoch is chosen by.
    What is not in train is not looked at. train: inputs -> predictions (see `predict`).
    """
    errors: list[float] = []
    for parted in held_out_in_turn(inputs, inputs.rows("train"), folds, seed):
        predicted = train(parted)
        held_out = predicted[predicted["split"] == "test"]
        errors += (held_out["prediction"] - held_out["label"]).abs().tolist()
        yield float(np.mean(errors))


def search(
    variant: Mapping[str, Any],
    space: Sequence[Range],
    score: Score,
    settings: Mapping[str, Any],
    journal: Path,
    study: str,
) -> list[dict[str, Any]]:
    """Try settings until there are `trials` of them; the first are those configured.

    score: variant -> its MAE after each fold. settings: trials, folds and seed. The trials are kept
    in the file `journal` under the name `study`: a search that was interrupted goes on where it
    was, and finds the same.
    Returns for each trial state (complete; pruned: after two folds or more worse than the median of
    the trials before; diverged; failed: it cannot be trained, or not in the memory of the GPU), mae
    (null unless complete), mae_after_fold and settings (a variant's part). Raises InputError where
    the first, which is as configured, cannot be trained.
    """
    trials = settings["trials"]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    _mend(journal)
    storage = JournalStorage(JournalFileBackend(str(journal.resolve())))
    found = optuna.create_study(study_name=study, storage=storage, load_if_exists=True)
    for left in found.get_trials(states=[TrialState.RUNNING]):
        found.tell(left.number, state=TrialState.FAIL)
    with counter("search", "trials", trials) as count:
        for number in range(trials):
            if number >= len(found.get_trials(states=FINISHED)):
                # A sampler of each trial's own: what it draws does not depend on interruptions.
                found.sampler = TPESampler(seed=(settings["seed"] + number) % 2**32)
                _try_one(found, number, variant, space, score, settings["folds"])
            count()
    return [_as_json(trial) for trial in found.get_trials(states=FINISHED)[:trials]]


def _mend(journal: Path) -> None:
    """Take away what a kill or a full disk has left: a lock, and half a line at the end.

    Optuna would wait for the lock and write behind the half line. Nobody else uses the journal.
    """
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists():
        whole = journal.read_bytes()
        with journal.open("r+b") as stream:
            stream.truncate(whole.rfind(b"\n") + 1)


def as_configuration(variant: str, protocol: str, trials: Sequence[Mapping[str, Any]]) -> str:
    """The settings of the best trial as YAML, to be given with --configfile.

    It is the complete trial of least MAE, the first of equals. Only the protocol inside whose train
    part was searched is named: the test segments of another one were searched with. InputError
    where no trial is complete.
    """
    complete = [trial for trial in trials if trial["state"] == "complete"]
    if not complete:
        raise InputError(
            "search: no trial was trained to its end; lower the ranges of the learning rates"
        )
    best = min(complete, key=lambda trial: trial["mae"])
    configured = f"{trials[0]['mae']:.4f}" if trials[0]["state"] == "complete" else "diverged"
    heading = (
        f"# The best of {len(trials)} trials: MAE {best['mae']:.4f} in cross-validation inside\n"
        f"# train (as configured: {configured}). Chosen by it, these settings look better than\n"
        "# they are: judge them on the test segments of this protocol, and of no other.\n"
    )
    found = {"protocols": [protocol], "variants": {variant: best["settings"]}}
    return heading + yaml.safe_dump(found, sort_keys=False)


def _try_one(
    study: optuna.Study,
    number: int,
    variant: Mapping[str, Any],
    space: Sequence[Range],
    score: Score,
    folds: int,
) -> None:
    if number == 0 and not study.get_trials(states=[TrialState.WAITING]):
        study.enqueue_trial({one.name: one.configured for one in space})
    trial = study.ask({one.name: _distribution(one) for one in space})
    log.info("trial %d: %s", number, trial.params)
    mae = None
    try:
        for fold, mae in enumerate(score(overlaid(variant, nested(trial.params)))):
            trial.report(mae, fold)
            log.info("trial %d, fold %d: MAE %.4f", number, fold, mae)
            if 0 < fold < folds - 1 and _is_hopeless(study, fold, mae):
                study.tell(trial, state=TrialState.PRUNED)
                return
    except (InputError, torch.OutOfMemoryError) as error:
        diverged = isinstance(error, DivergedError)
        if number == 0 and not diverged:  # as configured: nothing that is searched can mend it
            raise
        log.warning("trial %d: %s", number, error)
        trial.set_user_attr(LEFT, "diverged" if diverged else "failed")
        study.tell(trial, state=TrialState.PRUNED)
        return
    study.tell(trial, mae)


def _is_hopeless(study: optuna.Study, fold: int, mae: float) -> bool:
    """Whether a trial is worse after this fold than half of those before it were."""
    before = [trial.intermediate_values for trial in study.get_trials(states=FINISHED)]
    reached = [values[fold] for values in before if fold in values]
    return len(reached) >= SEEN_THROUGH and mae > float(np.median(reached))


def _distribution(one: Range) -> BaseDistribution:
    if one.choices:
        return CategoricalDistribution(one.choices)
    if one.whole:
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def _as_json(trial: FrozenTrial) -> dict[str, Any]:
    state = trial.user_attrs.get(LEFT, trial.state.name.lower())
    steps = sorted(trial.intermediate_values)
    return {
        "state": state,
        "mae": trial.value if trial.state == TrialState.COMPLETE else None,
        "mae_after_fold": [trial.intermediate_values[step] for step in steps],
        "settings": nested(trial.params),
    }

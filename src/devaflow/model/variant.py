"""Training of a variant as the configuration describes it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from devaflow.encode.architecture import read_architecture
from devaflow.encode.device import device_name, make_deterministic
from devaflow.encode.encoder import load, read_head
from devaflow.jobs import counter, log
from devaflow.model.finetune import finetune, outputs
from devaflow.model.inputs import Inputs, Normalisation
from devaflow.model.predict import predict, predictions
from devaflow.model.run import Epoch, Trained
from devaflow.model.settings import FineTuningSettings, member_name, members_of, settings_of
from devaflow.model.train import train
from devaflow.model.views import Transcripts, view


@dataclass(frozen=True)
class Outcome:
    """What the training of a variant leaves.

    weights: the state dict of its network, or of its members' networks together. history: the
    device, and of each network how many weights were trained, its precision, what its epochs
    measured and which one was kept.
    predictions: as `predict` gives them.
    """

    weights: dict[str, Tensor]
    normalisation: Normalisation
    history: dict[str, Any]
    predictions: pd.DataFrame


def train_variant(
    inputs: Inputs, transcripts: Transcripts, variant: Mapping[str, Any], seed: int, device: str
) -> Outcome:
    """Train one variant on token states as they are, or together with its encoder's upper layers.

    Raises InputError for settings that the variant does not have, and as the training does.
    """
    # First of all: cuBLAS is deterministic only if that is asked for before it is first used.
    make_deterministic(seed)
    model, loss, training = settings_of(variant)
    if isinstance(training, FineTuningSettings):
        return _train_members(inputs, transcripts, members_of(variant), seed, device)
    with _told(training.epochs) as on_epoch:
        trained = train(inputs, model, loss, training, seed, device, on_epoch)
    smoothing = loss.label_smoothing
    predicted = predict(trained.network, trained.normalisation, inputs, smoothing, device)
    weights, history = trained.network.state_dict(), _history([trained], device)
    return Outcome(weights, trained.normalisation, history, predicted)


def _train_members(
    inputs: Inputs,
    transcripts: Transcripts,
    members: Sequence[Mapping[str, Any]],
    seed: int,
    device: str,
) -> Outcome:
    """Train networks one after the other; together they predict their mean."""
    _require_trainable(members, transcripts.encoders)
    networks, runs, given = nn.ModuleDict(), [], []
    with _told(sum(settings_of(member).training.epochs for member in members)) as on_epoch:
        for number, member in enumerate(members):
            trained, scored = _train_member(inputs, transcripts, member, seed, device, on_epoch)
            networks[member_name(number)] = trained.network
            runs.append(trained)
            given.append(scored)
    score, logit = torch.stack(given).mean(0)
    smoothing = settings_of(members[0]).loss.label_smoothing  # members have one loss
    predicted = predictions(inputs.segments, score, logit, smoothing)
    # Statistics are the same for all members: those of the text are not used.
    normalisation = runs[-1].normalisation
    return Outcome(networks.state_dict(), normalisation, _history(runs, device), predicted)


def _train_member(
    inputs: Inputs,
    transcripts: Transcripts,
    member: Mapping[str, Any],
    seed: int,
    device: str,
    on_epoch: Callable[[Epoch], None],
) -> tuple[Trained, Tensor]:
    """One network (on the CPU), and score and logit of every segment, float32 [2, S]."""
    model, loss, training = settings_of(member)
    assert isinstance(training, FineTuningSettings)
    folder = transcripts.encoders[member["encoder"]]
    tokenizer, encoder = load(folder)
    seen = view(inputs, transcripts, member, tokenizer, encoder, device)
    head = read_head(folder)
    trained = finetune(encoder, seen, model, loss, training, seed, device, on_epoch, head)
    network, normalisation = trained.network.to(device), trained.normalisation.to(device)
    rows = torch.arange(len(inputs.segments), device=device)
    scored = outputs(network, normalisation, seen.to(device), rows, amp=training.amp)
    network.cpu()
    return trained, torch.stack(scored)


def _require_trainable(members: Sequence[Mapping[str, Any]], encoders: Mapping[str, Path]) -> None:
    """Raise InputError for a member whose encoder cannot be trained, before any is trained."""
    for member in members:
        name, frozen = member["encoder"], settings_of(member).model.frozen_layers
        built = read_architecture(encoders[name])
        built.require_trainable("model", frozen, f"the encoder {name!r}")


def _history(runs: Sequence[Trained], device: str) -> dict[str, Any]:
    """What a training's history.json holds."""
    return {
        "device": device_name(device),
        "networks": [
            {
                "trained_weights": _trained_weights(run.network),
                "precision": run.precision,
                "best_epoch": run.best_epoch,
                "epochs": run.history,
            }
            for run in runs
        ],
    }


def _trained_weights(network: nn.Module) -> int:
    return sum(each.numel() for each in network.parameters() if each.requires_grad)


@contextmanager
def _told(epochs: int) -> Iterator[Callable[[Epoch], None]]:
    """Give a function that tells of an epoch in the log and counts it."""
    with counter("training", "epochs", epochs) as count:

        def on_epoch(epoch: Epoch) -> None:
            log.info(", ".join(f"{name} {value:.5g}" for name, value in epoch.items()))
            count()

        yield on_epoch

"""Training of a variant as the configuration describes it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from devaflow.encode.encoder import load
from devaflow.jobs import counter, log
from devaflow.model.ablations import members_of
from devaflow.model.finetune import finetune, read
from devaflow.model.inputs import Inputs, Normalisation
from devaflow.model.predict import predict, predictions
from devaflow.model.run import Epoch, Trained, make_deterministic
from devaflow.model.settings import (
    FINE_TUNED,
    FineTuningSettings,
    LossSettings,
    ModelSettings,
    TrainingSettings,
    settings_from,
)
from devaflow.model.train import train
from devaflow.model.views import view


@dataclass(frozen=True)
class Outcome:
    """What the training of a variant leaves.

    weights: the state dict of its network, or of its members' networks together. history: what
    every epoch measured, and which one was kept. predictions: as `predict` gives them.
    """

    weights: dict[str, Tensor]
    normalisation: Normalisation
    history: dict[str, Any]
    predictions: pd.DataFrame


def train_variant(
    inputs: Inputs,
    transcripts: pd.DataFrame,
    encoder: Path,
    max_tokens: int,
    variant: Mapping[str, Any],
    seed: int,
    device: str,
) -> Outcome:
    """Train one variant on token states as they are, or together with its encoder's upper layers.

    transcripts: video_id, clip_id, text. encoder: the folder of the pre-trained model.
    """
    # First of all: cuBLAS is deterministic only if that is asked for before it is first used.
    make_deterministic(seed)
    if variant["model"]["network"] == FINE_TUNED:
        return _train_members(inputs, transcripts, encoder, max_tokens, variant, seed, device)
    model, loss = _network_and_loss(variant)
    training = settings_from(TrainingSettings, variant["training"], "training")
    with _told(training.epochs) as on_epoch:
        trained = train(inputs, model, loss, training, seed, device, on_epoch)
    history = {"best_epoch": trained.best_epoch, "epochs": trained.history}
    predicted = predict(trained.network, trained.normalisation, inputs, device)
    return Outcome(trained.network.state_dict(), trained.normalisation, history, predicted)


def _train_members(
    inputs: Inputs,
    transcripts: pd.DataFrame,
    encoder: Path,
    max_tokens: int,
    variant: Mapping[str, Any],
    seed: int,
    device: str,
) -> Outcome:
    """Train a variant's members one after the other; together they predict their mean.

    The members differ in what they read or how they are trained: each overlays the variant.
    """
    rows = torch.arange(len(inputs.segments), device=device)
    networks, epochs, outputs = nn.ModuleDict(), [], []
    tokenizer, pretrained = load(encoder, "left")
    members = members_of(variant)
    with _told(sum(_fine_tuning(member).epochs for member in members)) as on_epoch:
        for number, member in enumerate(members):
            (model, loss), training = _network_and_loss(member), _fine_tuning(member)
            lengths = (member["context"], model.context_tokens, max_tokens)
            pair = (tokenizer, pretrained)
            seen = view(inputs, transcripts, *pair, model.frozen_layers, *lengths, device)
            trained = finetune(pretrained, seen, model, loss, training, seed, device, on_epoch)
            network, normalisation = trained.network.to(device), trained.normalisation.to(device)
            given = (network, normalisation, seen.to(device), rows)
            outputs.append(torch.stack(read(*given, amp=training.amp)))
            networks[f"member-{number}"] = network.cpu()
            epochs += _history(number, trained)
    score, logit = torch.stack(outputs).mean(0)
    predicted = predictions(inputs.segments, score, logit)
    return Outcome(networks.state_dict(), trained.normalisation, {"epochs": epochs}, predicted)


def _history(member: int, trained: Trained) -> list[dict[str, Any]]:
    return [
        {"member": member, **epoch, "kept": epoch["epoch"] == trained.best_epoch}
        for epoch in trained.history
    ]


def _network_and_loss(variant: Mapping[str, Any]) -> tuple[ModelSettings, LossSettings]:
    return (
        settings_from(ModelSettings, variant["model"], "model"),
        settings_from(LossSettings, variant["loss"], "loss"),
    )


def _fine_tuning(variant: Mapping[str, Any]) -> FineTuningSettings:
    return settings_from(FineTuningSettings, variant["training"], "training")


@contextmanager
def _told(epochs: int) -> Iterator[Callable[[Epoch], None]]:
    """Give a function that tells of an epoch in the log and counts it."""
    with counter("training", "epochs", epochs) as count:

        def on_epoch(epoch: Epoch) -> None:
            log.info(", ".join(f"{name} {value:.5g}" for name, value in epoch.items()))
            count()

        yield on_epoch

"""Training of a variant as the configuration describes it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from devaflow.encode.encoder import load
from devaflow.jobs import counter, log
from devaflow.model.ablations import overlaid
from devaflow.model.finetune import finetune, read
from devaflow.model.inputs import Inputs
from devaflow.model.predict import predict, predictions
from devaflow.model.settings import (
    FineTuningSettings,
    LossSettings,
    ModelSettings,
    TrainingSettings,
    settings_from,
)
from devaflow.model.train import Epoch, Trained, train
from devaflow.model.views import view


def train_variant(
    inputs: Inputs, variant: Mapping[str, Any], seed: int, device: str
) -> tuple[Trained, pd.DataFrame]:
    """Train one variant on token states as they are; the result, and predictions as `predict`."""
    training = settings_from(TrainingSettings, variant["training"], "training")
    with _told(training.epochs) as on_epoch:
        trained = train(
            inputs,
            settings_from(ModelSettings, variant["model"], "model"),
            settings_from(LossSettings, variant["loss"], "loss"),
            training,
            seed,
            device,
            on_epoch,
        )
    return trained, predict(trained.network, trained.normalisation, inputs, device)


def finetune_variant(
    inputs: Inputs,
    transcripts: pd.DataFrame,
    encoder: Path,
    max_tokens: int,
    variant: Mapping[str, Any],
    seed: int,
    device: str,
) -> tuple[Trained, pd.DataFrame]:
    """Train one variant together with the upper layers of its encoder (a folder).

    transcripts: video_id, clip_id, text, each segment's own. The variant's `members` are networks
    that differ in what they read or how they are trained: each overlays the variant. Returns what
    `train_variant` does: all members' networks as one module, and the mean of what they predict.
    """
    members = [overlaid(variant, member) for member in variant.get("members", [{}])]
    rows = torch.arange(len(inputs.segments), device=device)
    networks, history, outputs = nn.ModuleDict(), [], []
    tokenizer, pretrained = load(encoder, "left")
    epochs = sum(_fine_tuning(member).epochs for member in members)
    with _told(epochs) as on_epoch:
        for number, member in enumerate(members):
            model = settings_from(ModelSettings, member["model"], "model")
            loss = settings_from(LossSettings, member["loss"], "loss")
            training = _fine_tuning(member)
            lengths = (member["context"], model.context_tokens, max_tokens)
            pair = (tokenizer, pretrained)
            seen = view(inputs, transcripts, *pair, model.frozen_layers, *lengths, device)
            trained = finetune(pretrained, seen, model, loss, training, seed, device, on_epoch)
            network, normalisation = trained.network.to(device), trained.normalisation.to(device)
            given = (network, normalisation, seen.to(device), rows)
            outputs.append(torch.stack(read(*given, amp=training.amp)))
            networks[f"member-{number}"] = network.cpu()
            history += [
                {"member": number, **epoch, "kept": epoch["epoch"] == trained.best_epoch}
                for epoch in trained.history
            ]
    score, logit = torch.stack(outputs).mean(0)
    together = Trained(networks, trained.normalisation, history, trained.best_epoch)
    return together, predictions(inputs.segments, score, logit)


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

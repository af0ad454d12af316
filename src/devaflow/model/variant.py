"""Training of a variant as the configuration describes it."""

from collections.abc import Mapping
from typing import Any

import torch

from devaflow.jobs import counter, log
from devaflow.model.inputs import Inputs
from devaflow.model.settings import LossSettings, ModelSettings, TrainingSettings, settings_from
from devaflow.model.train import Epoch, Trained, train


def train_variant(
    inputs: Inputs, variant: Mapping[str, Any], seed: int, device: torch.device | str
) -> Trained:
    """Train one variant (its keys model, loss and training) and tell of every epoch in the log."""
    training = settings_from(TrainingSettings, variant["training"], "training")
    with counter("training", "epochs", training.epochs) as count:

        def on_epoch(epoch: Epoch) -> None:
            log.info(", ".join(f"{name} {value:.5g}" for name, value in epoch.items()))
            count()

        return train(
            inputs,
            settings_from(ModelSettings, variant["model"], "model"),
            settings_from(LossSettings, variant["loss"], "loss"),
            training,
            seed,
            device,
            on_epoch,
        )

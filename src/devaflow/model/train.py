"""Training of one network with one seed."""

import copy
import math
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from devaflow.errors import InputError
from devaflow.model.devanet import build
from devaflow.model.inputs import Batch, Inputs, Normalisation
from devaflow.model.losses import HybridLoss
from devaflow.model.predict import LIMIT, outputs
from devaflow.model.settings import LossSettings, ModelSettings, TrainingSettings

Epoch = dict[str, float]


@dataclass(frozen=True)
class Trained:
    """The best epoch's network (on the CPU), its statistics, and what every epoch measured.

    history: per epoch its number (from 1), learning_rate, train_loss, valid_loss, valid_mae and
    valid_acc2.
    """

    network: nn.Module
    normalisation: Normalisation
    history: list[Epoch]
    best_epoch: int


def train(
    inputs: Inputs,
    model: ModelSettings,
    loss: LossSettings,
    training: TrainingSettings,
    seed: int,
    device: torch.device | str = "cpu",
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Trained:
    """Train on the train segments, keep the epoch that does best on the valid segments.

    Stops after `training.patience` epochs without a better one. Equal arguments give equal bytes
    on one machine with one number of threads. Raises InputError for an empty split and for a loss
    that is not finite.
    """
    for split in ("train", "valid"):
        if not len(inputs.rows(split)):
            raise InputError(f"no segment is in the split '{split}': label more, or split anew")
    make_deterministic(seed)
    normalisation = inputs.normalisation()
    run = _Run(inputs, normalisation, model, loss, training, seed, torch.device(device))
    history: list[Epoch] = []
    for number in range(1, training.epochs + 1):
        history.append(run.epoch(number))
        if on_epoch:
            on_epoch(history[-1])
        best = min(history, key=lambda epoch: _rank(epoch, training))
        if best is history[-1]:
            weights = copy.deepcopy(run.network.state_dict())
        elif number - best["epoch"] >= training.patience:
            break
    run.network.load_state_dict(weights)
    return Trained(run.network.cpu().eval(), normalisation, history, int(best["epoch"]))


def make_deterministic(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and refuse operations whose result is not repeatable."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    # Without it cuBLAS refuses to be deterministic; it is read when CUDA starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)


def schedule(
    optimiser: torch.optim.Optimizer, settings: TrainingSettings
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning-rate schedule, stepped once an epoch."""
    if settings.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs)
    return torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, settings.restart_epochs)


class Augmentation:
    """Noise on the normalised states and hidden modalities, with a generator of its own."""

    def __init__(self, settings: TrainingSettings, seed: int, device: torch.device) -> None:
        """Draw from `seed` on `device`, where the batches are."""
        self.settings = settings
        self.generator = torch.Generator(device).manual_seed(seed)

    def __call__(self, batch: Batch) -> Batch:
        """The batch, augmented; a segment keeps all its modalities where it would lose the last."""
        states = tuple(self._noisy(states) for states in batch.states)
        present = batch.present
        if self.settings.modality_dropout:
            shown = present & (self._uniform(present) >= self.settings.modality_dropout)
            present = torch.where(shown.any(1, keepdim=True), shown, present)
        return replace(batch, states=states, present=present)

    def _noisy(self, states: Tensor) -> Tensor:
        chosen = self._uniform(states[:, :1, :1]) < self.settings.noise_probability
        noise = torch.empty_like(states).normal_(generator=self.generator)
        return states + noise * (chosen * self.settings.noise_sigma)

    def _uniform(self, like: Tensor) -> Tensor:
        return torch.rand(like.shape, generator=self.generator, device=like.device)


class _Run:
    """Everything that changes while a network trains."""

    def __init__(
        self,
        inputs: Inputs,
        normalisation: Normalisation,
        model: ModelSettings,
        loss: LossSettings,
        training: TrainingSettings,
        seed: int,
        device: torch.device,
    ) -> None:
        self.settings = training
        self.inputs, self.normalisation = inputs.to(device), normalisation.to(device)
        self.train_rows, self.valid_rows = inputs.rows("train"), inputs.rows("valid").to(device)
        self.network = build(inputs.hidden, model).to(device)
        self.loss = HybridLoss(loss)
        self.augment = Augmentation(training, seed, device)
        # Of its own, so that a draw added elsewhere does not change the order of the segments.
        self.shuffler = torch.Generator().manual_seed(seed)
        self.optimiser = torch.optim.AdamW(
            [weight for weight in self.network.parameters() if weight.requires_grad],
            lr=training.learning_rate,
            weight_decay=training.weight_decay,
            amsgrad=training.amsgrad,
            fused=True,
        )
        self.schedule = schedule(self.optimiser, training)
        self.device = device
        self.mixed = training.amp and device.type == "cuda"
        bfloat = self.mixed and torch.cuda.is_bf16_supported()
        self.precision = torch.bfloat16 if bfloat else torch.float16
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.mixed and not bfloat)

    def epoch(self, number: int) -> Epoch:
        """Go once through the train segments, then measure on the valid ones."""
        learning_rate = self.optimiser.param_groups[0]["lr"]
        self.network.train()
        order = torch.randperm(len(self.train_rows), generator=self.shuffler)
        total = 0.0
        for part in self.train_rows[order].split(self.settings.batch_size):
            loss = self._step(part.to(self.device))
            if not math.isfinite(loss):
                raise InputError(
                    f"training diverged in epoch {number} (loss {loss}): lower "
                    "training.learning_rate or training.clip_norm of this variant"
                )
            total += loss * len(part)
        self.schedule.step()
        return {
            "epoch": number,
            "learning_rate": learning_rate,
            "train_loss": total / len(order),
            **self._validate(),
        }

    def _step(self, rows: Tensor) -> float:
        batch = self.augment(self.normalisation.apply(self.inputs.batch(rows)))
        with torch.autocast(self.device.type, self.precision, enabled=self.mixed):
            score, logit = self.network(batch)
        loss = self.loss(score.float(), logit.float(), batch.label)
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return loss.item()

    def _validate(self) -> dict[str, float]:
        score, logit = outputs(self.network, self.normalisation, self.inputs, self.valid_rows)
        label = self.inputs.label[self.valid_rows].cpu()
        return {
            "valid_loss": self.loss(score, logit, label).item(),
            "valid_mae": (score.clamp(-LIMIT, LIMIT) - label).abs().mean().item(),
            "valid_acc2": ((score > 0) == (label > 0)).float().mean().item(),
        }


def _rank(epoch: Epoch, settings: TrainingSettings) -> tuple[float, float]:
    """Smaller is better; ties of the chosen measure are broken by the loss."""
    measure = epoch["valid_mae"] if settings.select_by == "mae" else -epoch["valid_acc2"]
    return measure, epoch["valid_loss"]

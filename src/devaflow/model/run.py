"""What every training does alike: go through the epochs, measure each, keep the best."""

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from devaflow.corpus.clips import LIMIT
from devaflow.errors import InputError
from devaflow.model.inputs import Inputs, Normalisation
from devaflow.model.losses import HybridLoss
from devaflow.model.settings import FineTuningSettings, LossSettings, TrainingSettings

Epoch = dict[str, float]


class DivergedError(InputError):
    """A training whose loss is no number any more."""


@dataclass(frozen=True)
class Trained:
    """The best epoch's network (on the CPU), its statistics, and what every epoch measured.

    history: per epoch its number (from 1), learning_rate (the setting times the schedule's factor
    at the first step), train_loss, valid_loss, valid_mae and valid_acc2. precision: of the matrix
    products, such as 'float32'.
    """

    network: nn.Module
    normalisation: Normalisation
    history: list[Epoch]
    best_epoch: int
    precision: str


class Run(ABC):
    """A network in training. How batches are drawn, read and learnt from is the subclass's own."""

    optimiser: torch.optim.Optimizer
    precision = torch.float32
    rate_keys = "training.learning_rate"

    def __init__(
        self,
        network: nn.Module,
        inputs: Inputs,
        normalisation: Normalisation,
        loss: LossSettings,
        settings: TrainingSettings | FineTuningSettings,
        seed: int,
        device: torch.device,
    ) -> None:
        """Start from `network`; inputs and statistics may be on any device."""
        self.network, self.device = network.to(device), device
        self.inputs, self.normalisation = inputs.to(device), normalisation.to(device)
        self.train_rows, self.valid_rows = inputs.rows("train"), inputs.rows("valid").to(device)
        self.loss, self.settings = HybridLoss(loss), settings
        # Of its own, so that a draw added elsewhere does not change the order of the segments.
        self.shuffler = torch.Generator().manual_seed(seed)

    @property
    def mixed(self) -> bool:
        """Whether matrix products have fewer digits than the weights."""
        return self.precision != torch.float32

    @abstractmethod
    def batches(self) -> Iterator[Tensor]:
        """Row numbers of the train segments of one epoch, int64 on the CPU, batch by batch."""

    @abstractmethod
    def step(self, rows: Tensor) -> float:
        """Learn from the segments with these row numbers, on the device; give their loss."""

    @abstractmethod
    def outputs(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Score and logit of segments, float32 [len(rows)] each, on the CPU."""

    def fit(self, patience: int, on_epoch: Callable[[Epoch], None] | None) -> Trained:
        """Train; stop after `patience` epochs without a better one.

        Raises DivergedError for a loss that is not finite.
        """
        history: list[Epoch] = []
        for number in range(1, self.settings.epochs + 1):
            history.append(self._epoch(number))
            if on_epoch:
                on_epoch(history[-1])
            best = min(history, key=self._rank)
            if best is history[-1]:
                weights = copy.deepcopy(self.network.state_dict())
            elif number - best["epoch"] >= patience:
                break
        self.network.load_state_dict(weights)
        network, normalisation = self.network.cpu().eval(), self.normalisation.to("cpu")
        precision = str(self.precision).removeprefix("torch.")
        return Trained(network, normalisation, history, int(best["epoch"]), precision)

    def _epoch(self, number: int) -> Epoch:
        """Go once through the train segments, then measure on the valid ones."""
        group = self.optimiser.param_groups[0]
        factor = group["lr"] / group["initial_lr"]
        self.network.train()
        total = 0.0
        for rows in self.batches():
            total += self._finite(self.step(rows.to(self.device)), number) * len(rows)
        measured = self._validate()
        # What the last step has done no train loss tells.
        self._finite(measured["valid_loss"], number)
        return {
            "epoch": number,
            "learning_rate": self.settings.learning_rate * factor,
            "train_loss": total / len(self.train_rows),
            **measured,
        }

    def _finite(self, loss: float, number: int) -> float:
        """The loss; DivergedError, with the number of the epoch, where it is none."""
        if not math.isfinite(loss):
            raise DivergedError(
                f"training diverged in epoch {number} (loss {loss}): lower {self.rate_keys} or "
                "training.clip_norm of this variant"
            )
        return loss

    def _validate(self) -> dict[str, float]:
        score, logit = self.outputs(self.valid_rows)
        label = self.inputs.label[self.valid_rows].cpu()
        return {
            "valid_loss": self.loss(score, logit, label).item(),
            "valid_mae": (score.clamp(-LIMIT, LIMIT) - label).abs().mean().item(),
            "valid_acc2": ((score > 0) == (label > 0)).float().mean().item(),
        }

    def _rank(self, epoch: Epoch) -> tuple[float, float]:
        """Smaller is better; ties of the chosen measure are broken by the loss."""
        by_mae = self.settings.select_by == "mae"
        return epoch["valid_mae"] if by_mae else -epoch["valid_acc2"], epoch["valid_loss"]

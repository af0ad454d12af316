"""Fine-tuning of a text encoder's upper layers, with the fusion network on top of them."""

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from devaflow.errors import InputError
from devaflow.model.finetuned import FineTunedDEVANet
from devaflow.model.inputs import Normalisation
from devaflow.model.losses import HybridLoss
from devaflow.model.predict import LIMIT
from devaflow.model.settings import FineTuningSettings, LossSettings, ModelSettings
from devaflow.model.train import Epoch, Trained, make_deterministic
from devaflow.model.views import View

# So many batches are sorted by length together: little padding, and yet another order each epoch.
POOL = 8
PREDICTED = 64


def finetune(
    encoder: PreTrainedModel,
    view: View,
    model: ModelSettings,
    loss: LossSettings,
    training: FineTuningSettings,
    seed: int,
    device: torch.device | str = "cpu",
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Trained:
    """Train on the train segments; keep the epoch of least MAE on the valid ones.

    Equal arguments give equal bytes on one machine with one number of threads. Raises InputError
    for an empty split and for a loss that is not finite.
    """
    for split in ("train", "valid"):
        if not len(view.inputs.rows(split)):
            raise InputError(f"no segment is in the split '{split}': label more, or split anew")
    make_deterministic(seed)
    normalisation = _of_descriptions(view.inputs.normalisation())
    run = _Run(encoder, view, normalisation, model, loss, training, seed, torch.device(device))
    history: list[Epoch] = []
    for number in range(1, training.epochs + 1):
        history.append(run.epoch(number))
        if on_epoch:
            on_epoch(history[-1])
        best = min(history, key=lambda epoch: (epoch["valid_mae"], epoch["valid_loss"]))
        if best is history[-1]:
            weights = copy.deepcopy(run.network.state_dict())
    run.network.load_state_dict(weights)
    return Trained(run.network.cpu().eval(), normalisation, history, int(best["epoch"]))


def _of_descriptions(normalisation: Normalisation) -> Normalisation:
    """The statistics, but for those of the text: trained layers must find what they were given."""
    mean, std = normalisation.mean.clone(), normalisation.std.clone()
    mean[0], std[0] = 0.0, 1.0
    return Normalisation(mean, std, normalisation.values_mean, normalisation.values_std)


@torch.no_grad()
def read(
    network: nn.Module, normalisation: Normalisation, view: View, rows: Tensor, *, amp: bool
) -> tuple[Tensor, Tensor]:
    """Score and logit, float32 [len(rows)] each, as the network gives them (not clamped).

    Network, statistics and view must be on one device; the result is on the CPU.
    """
    network.eval()
    scores, logits = torch.zeros(len(rows)), torch.zeros(len(rows))
    for part in view.inputs.length[rows, 0].argsort(stable=True).split(PREDICTED):
        batch = normalisation.apply(view.inputs.batch(rows[part]))
        with torch.autocast(rows.device.type, torch.bfloat16, enabled=amp):
            score, logit = network(batch, view.own[rows[part]])
        scores[part.cpu()], logits[part.cpu()] = score.cpu(), logit.cpu()
    return scores, logits


class _Run:
    """Everything that changes while a network trains."""

    def __init__(
        self,
        encoder: PreTrainedModel,
        view: View,
        normalisation: Normalisation,
        model: ModelSettings,
        loss: LossSettings,
        training: FineTuningSettings,
        seed: int,
        device: torch.device,
    ) -> None:
        self.settings, self.device = training, device
        self.view, self.normalisation = view.to(device), normalisation.to(device)
        self.length = view.inputs.length[:, 0]
        self.train_rows = view.inputs.rows("train")
        self.valid_rows = view.inputs.rows("valid").to(device)
        self.network = FineTunedDEVANet(encoder, model).to(device)
        self.loss = HybridLoss(loss)
        # Of its own, so that a draw added elsewhere does not change the order of the segments.
        self.shuffler = torch.Generator().manual_seed(seed)
        rates = (training.learning_rate, training.head_learning_rate, training.layer_decay)
        self.optimiser = torch.optim.AdamW(
            _decayed(self.network.groups(*rates), training.weight_decay), fused=True
        )
        steps = training.epochs * math.ceil(len(self.train_rows) / training.batch_size)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: warm_and_fall(step, steps, training.warmup)
        )

    def epoch(self, number: int) -> Epoch:
        """Go once through the train segments, then measure on the valid ones."""
        learning_rate = self.optimiser.param_groups[-1]["lr"]
        self.network.train()
        total = 0.0
        for rows in self._batches():
            loss = self._step(rows.to(self.device))
            if not math.isfinite(loss):
                raise InputError(
                    f"training diverged in epoch {number} (loss {loss}): lower "
                    "training.learning_rate or training.clip_norm of this variant"
                )
            total += loss * len(rows)
        return {
            "epoch": number,
            "learning_rate": learning_rate,
            "train_loss": total / len(self.train_rows),
            **self._validate(),
        }

    def _batches(self) -> Iterator[Tensor]:
        """Row numbers of segments of like length, in an order that is new in each epoch."""
        order = self.train_rows[torch.randperm(len(self.train_rows), generator=self.shuffler)]
        size = self.settings.batch_size
        batches = [
            batch
            for pool in order.split(size * POOL)
            for batch in pool[self.length[pool].argsort(stable=True)].split(size)
        ]
        for place in torch.randperm(len(batches), generator=self.shuffler).tolist():
            yield batches[place]

    def _step(self, rows: Tensor) -> float:
        batch = self.normalisation.apply(self.view.inputs.batch(rows))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.amp):
            score, logit = self.network(batch, self.view.own[rows])
        loss = self.loss(score, logit, batch.label)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        self.schedule.step()
        return loss.item()

    def _validate(self) -> dict[str, float]:
        given = (self.network, self.normalisation, self.view, self.valid_rows)
        score, logit = read(*given, amp=self.settings.amp)
        label = self.view.inputs.label[self.valid_rows].cpu()
        return {
            "valid_loss": self.loss(score, logit, label).item(),
            "valid_mae": (score.clamp(-LIMIT, LIMIT) - label).abs().mean().item(),
            "valid_acc2": ((score > 0) == (label > 0)).float().mean().item(),
        }


def warm_and_fall(step: int, steps: int, warmup: float) -> float:
    """The learning rate's factor: linearly from 0 to 1 over the warm-up, then down to 0."""
    warm = max(1, round(warmup * steps))
    if step < warm:
        return (step + 1) / warm
    return max(0.0, (steps - step) / max(1, steps - warm))


def _decayed(groups: list[dict[str, Any]], weight_decay: float) -> list[dict[str, Any]]:
    """Each group as two: matrices with weight decay; biases and norms, which are not shrunk."""
    split = []
    for group in groups:
        weights = [weight for weight in group["params"] if weight.requires_grad]
        for matrix, decay in ((True, weight_decay), (False, 0.0)):
            chosen = [weight for weight in weights if (weight.ndim > 1) == matrix]
            if chosen:
                split.append({**group, "params": chosen, "weight_decay": decay})
    return split

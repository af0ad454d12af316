"""Fine-tuning of a text encoder's upper layers, with the fusion network on top of them."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from devaflow.model.finetuned import FineTunedDEVANet
from devaflow.model.inputs import Normalisation
from devaflow.model.precision import fine_tuning_precision
from devaflow.model.run import Epoch, Run, Trained, make_deterministic, require_splits
from devaflow.model.settings import FineTuningSettings, LossSettings, ModelSettings
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
    """Train on the train segments, keep the epoch that does best on the valid segments.

    Equal arguments give equal bytes on one machine with one number of threads. Raises InputError
    for an empty split and for a loss that is not finite.
    """
    require_splits(view.inputs)
    make_deterministic(seed)
    run = _Run(encoder, view, model, loss, training, seed, torch.device(device))
    return run.fit(training.epochs, on_epoch)


def _of_descriptions(normalisation: Normalisation) -> Normalisation:
    """The statistics, but for those of the text: trained layers must find what they were given."""
    mean, std = normalisation.mean.clone(), normalisation.std.clone()
    mean[0], std[0] = 0.0, 1.0
    return replace(normalisation, mean=mean, std=std)


@torch.no_grad()
def read(
    network: nn.Module, normalisation: Normalisation, view: View, rows: Tensor, *, amp: bool
) -> tuple[Tensor, Tensor]:
    """Score and logit, float32 [len(rows)] each, as the network gives them (not clamped).

    Network, statistics and view must be on one device; the result is on the CPU.
    """
    network.eval()
    precision = fine_tuning_precision(amp, rows.device)
    scores, logits = torch.zeros(len(rows)), torch.zeros(len(rows))
    for part in view.inputs.length[rows, 0].argsort(stable=True).split(PREDICTED):
        batch = normalisation.apply(view.inputs.batch(rows[part]))
        with torch.autocast(rows.device.type, precision, enabled=precision != torch.float32):
            score, logit = network(batch, view.own[rows[part]])
        scores[part.cpu()], logits[part.cpu()] = score.cpu(), logit.cpu()
    return scores, logits


class _Run(Run):
    """Batches of like length; the learning rate changes with every step."""

    settings: FineTuningSettings
    rate_keys = "training.learning_rate, training.head_learning_rate"

    def __init__(
        self,
        encoder: PreTrainedModel,
        view: View,
        model: ModelSettings,
        loss: LossSettings,
        training: FineTuningSettings,
        seed: int,
        device: torch.device,
    ) -> None:
        normalisation = _of_descriptions(view.inputs.normalisation())
        network = FineTunedDEVANet(encoder, model)
        super().__init__(network, view.inputs, normalisation, loss, training, seed, device)
        self.precision = fine_tuning_precision(training.amp, device)
        self.view, self.length = View(self.inputs, view.own.to(device)), view.inputs.length[:, 0]
        rates = (training.learning_rate, training.head_learning_rate, training.layer_decay)
        self.optimiser = torch.optim.AdamW(
            _decayed(network.groups(*rates), training.weight_decay), fused=True
        )
        steps = training.epochs * math.ceil(len(self.train_rows) / training.batch_size)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: warm_and_fall(step, steps, training.warmup)
        )

    def batches(self) -> Iterator[Tensor]:
        order = self.train_rows[torch.randperm(len(self.train_rows), generator=self.shuffler)]
        size = self.settings.batch_size
        batches = [
            batch
            for pool in order.split(size * POOL)
            for batch in pool[self.length[pool].argsort(stable=True)].split(size)
        ]
        for place in torch.randperm(len(batches), generator=self.shuffler).tolist():
            yield batches[place]

    def step(self, rows: Tensor) -> float:
        batch = self.normalisation.apply(self.view.inputs.batch(rows))
        with torch.autocast(self.device.type, self.precision, enabled=self.mixed):
            score, logit = self.network(batch, self.view.own[rows])
        loss = self.loss(score, logit, batch.label)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        self.schedule.step()
        return loss.item()

    def read(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return read(self.network, self.normalisation, self.view, rows, amp=self.settings.amp)


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

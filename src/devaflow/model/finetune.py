"""Fine-tuning of a text encoder's upper layers, with the fusion network on top of them."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from devaflow.corpus.parts import require_splits
from devaflow.encode.device import fine_tuning_precision, make_deterministic
from devaflow.encode.training import bucketed, decayed, warm_and_fall
from devaflow.model.finetuned import FineTunedDEVANet
from devaflow.model.inputs import Normalisation
from devaflow.model.run import Epoch, Run, Trained
from devaflow.model.settings import FineTuningSettings, LossSettings, ModelSettings
from devaflow.model.views import View

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
    head: Mapping[str, Tensor] | None = None,
) -> Trained:
    """Train on the train segments, keep the epoch that does best on the valid segments.

    head: what an adapted encoder already tells scores by (see `devaflow.encode.adapt`).
    Equal arguments give equal bytes on one machine with one number of threads. Raises InputError
    for an empty split and for a loss that is not finite.
    """
    require_splits(view.inputs.segments)
    make_deterministic(seed)
    run = _Run(encoder, view, model, loss, training, seed, torch.device(device), head)
    return run.fit(training.epochs, on_epoch)


def _of_descriptions(normalisation: Normalisation) -> Normalisation:
    """The statistics, but for those of the text: trained layers must find what they were given."""
    mean, std = normalisation.mean.clone(), normalisation.std.clone()
    mean[0], std[0] = 0.0, 1.0
    return replace(normalisation, mean=mean, std=std)


@torch.no_grad()
def outputs(
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
        head: Mapping[str, Tensor] | None,
    ) -> None:
        normalisation = _of_descriptions(view.inputs.normalisation())
        network = FineTunedDEVANet(encoder, model)
        if head:
            network.start_from(head)
        super().__init__(network, view.inputs, normalisation, loss, training, seed, device)
        self.precision = fine_tuning_precision(training.amp, device)
        self.view, self.length = View(self.inputs, view.own.to(device)), view.inputs.length[:, 0]
        rates = (training.learning_rate, training.head_learning_rate, training.layer_decay)
        self.optimiser = torch.optim.AdamW(
            decayed(network.groups(*rates), training.weight_decay), fused=True
        )
        steps = training.epochs * math.ceil(len(self.train_rows) / training.batch_size)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: warm_and_fall(step, steps, training.warmup)
        )

    def batches(self) -> Iterator[Tensor]:
        size = self.settings.batch_size
        yield from bucketed(self.train_rows, self.length, size, POOL, self.shuffler)

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

    def outputs(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return outputs(self.network, self.normalisation, self.view, rows, amp=self.settings.amp)

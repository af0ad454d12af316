"""Training of one network, on token states as they are, with one seed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from devaflow.corpus.parts import require_splits
from devaflow.encode.device import has_bfloat16, make_deterministic
from devaflow.model.devanet import build
from devaflow.model.inputs import Batch, Inputs, Normalisation
from devaflow.model.predict import outputs
from devaflow.model.run import Epoch, Run, Trained
from devaflow.model.settings import LossSettings, ModelSettings, TrainingSettings


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
    require_splits(inputs.segments)
    make_deterministic(seed)
    run = _Run(inputs, inputs.normalisation(), model, loss, training, seed, torch.device(device))
    return run.fit(training.patience, on_epoch)


def schedule(
    optimiser: torch.optim.Optimizer, settings: TrainingSettings
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning-rate schedule, stepped once an epoch."""
    if settings.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs)
    return torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, settings.restart_epochs)


class Augmentation:
    """Noise on the normalised states and hidden modalities, with a generator of its own."""

    def __init__(
        self,
        settings: TrainingSettings,
        seen: Sequence[bool],
        seed: int,
        device: torch.device,
    ) -> None:
        """For a network that has `seen` modalities, in the order of MODALITIES.

        Draw from `seed` on `device`, where the batches are.
        """
        self.settings = settings
        self.seen = torch.tensor(seen, device=device)
        self.generator = torch.Generator(device).manual_seed(seed)

    def __call__(self, batch: Batch) -> Batch:
        """The batch, augmented; a segment that would lose all that the network sees keeps it."""
        states = tuple(self._noisy(states) for states in batch.states)
        present = batch.present
        if self.settings.modality_dropout:
            shown = present & self.seen & (self._uniform(present) >= self.settings.modality_dropout)
            present = torch.where(shown.any(1, keepdim=True), shown, present)
        return replace(batch, states=states, present=present)

    def _noisy(self, states: Tensor) -> Tensor:
        chosen = self._uniform(states[:, :1, :1]) < self.settings.noise_probability
        noise = torch.empty_like(states).normal_(generator=self.generator)
        return states + noise * (chosen * self.settings.noise_sigma)

    def _uniform(self, like: Tensor) -> Tensor:
        return torch.rand(like.shape, generator=self.generator, device=like.device)


class _Run(Run):
    """Noise and hidden modalities in each batch; the learning rate changes once an epoch."""

    settings: TrainingSettings

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
        network = build(inputs.hidden, model)
        super().__init__(network, inputs, normalisation, loss, training, seed, device)
        self.augment = Augmentation(training, network.given.seen, seed, device)
        self.optimiser = torch.optim.AdamW(
            [weight for weight in self.network.parameters() if weight.requires_grad],
            lr=training.learning_rate,
            weight_decay=training.weight_decay,
            amsgrad=training.amsgrad,
            fused=True,
        )
        self.schedule = schedule(self.optimiser, training)
        if training.amp and device.type == "cuda":
            self.precision = torch.bfloat16 if has_bfloat16(device) else torch.float16
        small = self.precision == torch.float16  # its smallest gradients would be 0
        self.scaler = torch.amp.GradScaler(device.type, enabled=small)

    def batches(self) -> Iterator[Tensor]:
        order = torch.randperm(len(self.train_rows), generator=self.shuffler)
        yield from self.train_rows[order].split(self.settings.batch_size)
        self.schedule.step()

    def step(self, rows: Tensor) -> float:
        batch = self.augment(self.normalisation.apply(self.inputs.batch(rows)))
        with torch.autocast(self.device.type, self.precision, enabled=self.mixed):
            score, logit = self.network(batch)
        loss = self.loss(score, logit, batch.label)
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return loss.item()

    def outputs(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return outputs(self.network, self.normalisation, self.inputs, rows)

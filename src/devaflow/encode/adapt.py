"""Further training of an encoder: it learns to tell the sentiment of sentences that people rated.

Intermediate training on a task with more examples, before the few of the corpus in question (Phang
et al. 2018, arXiv 1811.01088). The encoder that comes out is one like any other; with it comes a
linear head that gives the rating, from which a network that trains its encoder can start.
"""

import math
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from devaflow.encode.adapted import HEAD, AdaptationSettings
from devaflow.encode.architecture import read_architecture
from devaflow.encode.device import device_name, fine_tuning_precision, make_deterministic
from devaflow.encode.encoder import load
from devaflow.encode.layers import blocks_of, mean_state, padded
from devaflow.encode.training import bucketed, decayed, warm_and_fall
from devaflow.errors import InputError
from devaflow.files import PARTIAL, atomic
from devaflow.jobs import counter, log

POOL = 16
HELD_OUT = 0.03
TOLD = 100  # steps between two lines of the log


class Rater(nn.Module):
    """An encoder and a linear head on the mean state: what a sentence is rated, float [B]."""

    def __init__(self, encoder: PreTrainedModel, frozen_layers: int) -> None:
        """Train `encoder` in place, above its lowest `frozen_layers`."""
        super().__init__()
        # Embeddings, and what all layers share as MPNet does its relative positions, are kept.
        encoder.requires_grad_(False)
        blocks_of(encoder)[frozen_layers:].requires_grad_(True)
        self.encoder, self.dropout = encoder, nn.Dropout(0.1)
        self.head = nn.Linear(encoder.config.hidden_size, 1)
        nn.init.zeros_(self.head.bias)

    def forward(self, token_ids: Tensor, padding: Tensor) -> Tensor:
        """Ratings of sequences [B, L]; padding is bool [B, L], true where there is no token."""
        tokens = ~padding
        states = self.encoder(input_ids=token_ids, attention_mask=tokens.long()).last_hidden_state
        with torch.autocast(states.device.type, enabled=False):
            # All tokens but the first, which stands for none: as a fine-tuned variant reads them.
            mean = mean_state(states.float(), padding, tokens.sum(1) - 1)
            return self.head(self.dropout(mean))[:, 0]


@dataclass(frozen=True)
class Adapted:
    """An encoder that was trained on, its head, and a record of the training."""

    tokenizer: PreTrainedTokenizerBase
    encoder: PreTrainedModel
    head: nn.Linear
    record: dict[str, Any]


def adapt(
    folder: Path, sentences: pd.DataFrame, settings: AdaptationSettings, device: str
) -> Adapted:
    """Train the encoder of a folder to give the label of each sentence.

    sentences: text, label (in [-3, 3]). The loss is the absolute error. Some sentences are held
    out, for the record only (their number, MAE, Pearson): nothing is chosen by them. Equal
    arguments give equal bytes on one machine with one number of threads. Raises InputError for an
    encoder that cannot be adapted.
    """
    built = read_architecture(folder)
    built.require_trainable("adapt", settings.frozen_layers, f"the encoder in {folder}")
    make_deterministic(settings.seed)  # a pooler that the file lacks is drawn at random
    tokenizer, encoder = load(folder)
    _require_fast(folder, tokenizer)
    make_deterministic(settings.seed)
    rater = Rater(encoder, settings.frozen_layers).to(device)
    read = _Sentences(sentences, tokenizer, settings, device)
    shuffler = torch.Generator().manual_seed(settings.seed)
    shuffled = torch.randperm(len(sentences), generator=shuffler)
    held_out, rows = shuffled.tensor_split([math.ceil(HELD_OUT * len(sentences))])
    steps = settings.epochs * math.ceil(len(rows) / settings.batch_size)
    log.info("%d sentences to learn from, %d steps", len(rows), steps)
    with counter("adapting", "steps", steps) as count:
        _fit(rater, read, rows, settings, steps, shuffler, count)
    rater.eval()
    with torch.no_grad():
        parts = held_out.split(settings.batch_size)
        given = torch.cat([read.ratings(rater, part) for part in parts])
    record = {
        "device": device_name(device),
        "precision": str(read.precision).removeprefix("torch."),
        "steps": steps,
        "held_out": _agreement(given.cpu(), read.label[held_out].cpu()),
    }
    log.info("held out: %s", record["held_out"])
    return Adapted(tokenizer, encoder.cpu(), rater.head.cpu(), record)


def _require_fast(folder: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    if not tokenizer.is_fast:
        raise InputError(
            f"encoder folder {folder}: its tokenizer has no tokenizer.json; write it again with "
            "save_pretrained of a fast tokenizer"
        )


class _Sentences:
    """Rated sentences as tensors on the device, by their row numbers."""

    def __init__(
        self,
        sentences: pd.DataFrame,
        tokenizer: PreTrainedTokenizerBase,
        settings: AdaptationSettings,
        device: str,
    ) -> None:
        texts = sentences["text"].tolist()
        cut = {"truncation": True, "max_length": settings.max_tokens}
        self.token_ids = [torch.tensor(ids) for ids in tokenizer(texts, **cut)["input_ids"]]
        self.length = torch.tensor([len(ids) for ids in self.token_ids])
        self.label = torch.tensor(sentences["label"].to_numpy("float32"), device=device)
        self.filler, self.device = tokenizer.pad_token_id or 0, device
        self.precision = fine_tuning_precision(settings.amp, device)

    def ratings(self, rater: Rater, rows: Tensor) -> Tensor:
        """What the network gives for these rows, float [len(rows)]."""
        ids = [self.token_ids[row] for row in rows.tolist()]
        token_ids, padding = padded(ids, self.filler)
        mixed = self.precision != torch.float32
        with torch.autocast(torch.device(self.device).type, self.precision, enabled=mixed):
            given: Tensor = rater(token_ids.to(self.device), padding.to(self.device))
        return given


def _fit(
    rater: Rater,
    read: _Sentences,
    rows: Tensor,
    settings: AdaptationSettings,
    steps: int,
    shuffler: torch.Generator,
    count: Callable[[], object],
) -> None:
    """Go through the sentences with these row numbers, `settings.epochs` times."""
    groups = [
        {"params": list(rater.encoder.parameters()), "lr": settings.learning_rate},
        {"params": list(rater.head.parameters()), "lr": settings.head_learning_rate},
    ]
    optimiser = torch.optim.AdamW(decayed(groups, settings.weight_decay), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: warm_and_fall(step, steps, settings.warmup)
    )
    rater.train()
    losses: list[float] = []
    for _ in range(settings.epochs):
        for batch in bucketed(rows, read.length, settings.batch_size, POOL, shuffler):
            loss = (read.ratings(rater, batch) - read.label[batch]).abs().mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(rater.parameters(), settings.clip_norm)
            optimiser.step()
            schedule.step()
            losses.append(_finite(loss.item()))
            count()
            if len(losses) % TOLD == 0:
                log.info("step %d, error %.4f", len(losses), sum(losses[-TOLD:]) / TOLD)


def _finite(loss: float) -> float:
    if not math.isfinite(loss):
        raise InputError(
            f"adapting an encoder diverged (loss {loss}): lower adapt.learning_rate or "
            "adapt.clip_norm of this encoder"
        )
    return loss


def _agreement(given: Tensor, label: Tensor) -> dict[str, float | None]:
    both = torch.corrcoef(torch.stack([given, label]))[0, 1].item()
    return {
        "sentences": len(label),
        "mae": (given - label).abs().mean().item(),
        "pearson": both if math.isfinite(both) else None,
    }


def write_adapted(paths: Sequence[str | Path], adapted: Adapted) -> None:
    """Write an adapted encoder as the files that `paths` name, the ADAPTED_FILES of one folder."""
    # Else whoever reads with it later is cut where the sentences were.
    adapted.tokenizer.backend_tokenizer.no_truncation()
    with tempfile.TemporaryDirectory(dir=Path(paths[0]).parent, prefix=PARTIAL) as folder:
        adapted.encoder.save_pretrained(folder)
        adapted.tokenizer.save_pretrained(folder)
        head = {n: tensor.detach().contiguous() for n, tensor in adapted.head.state_dict().items()}
        save_file(head, Path(folder) / HEAD)
        for path in paths:
            with atomic(path) as partial:
                shutil.copyfile(Path(folder) / Path(path).name, partial)

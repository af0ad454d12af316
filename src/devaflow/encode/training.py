"""How pre-trained layers are trained on: batches, weight decay and learning rates of every kind."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def bucketed(
    rows: Tensor, length: Tensor, size: int, pool: int, shuffler: torch.Generator
) -> Iterator[Tensor]:
    """The row numbers, int64 [N], once each, in batches of `size` rows of like length.

    length: int64, tokens of every row. `pool` batches are drawn and sorted by length together:
    little padding, and yet another order whenever `shuffler` goes on.
    """
    order = rows[torch.randperm(len(rows), generator=shuffler)]
    batches = [
        batch
        for drawn in order.split(size * pool)
        for batch in drawn[length[drawn].argsort(stable=True)].split(size)
    ]
    for place in torch.randperm(len(batches), generator=shuffler).tolist():
        yield batches[place]


def decayed(groups: list[dict[str, Any]], weight_decay: float) -> list[dict[str, Any]]:
    """Each group as two: matrices with weight decay; biases and norms, which are not shrunk."""
    split = []
    for group in groups:
        weights = [weight for weight in group["params"] if weight.requires_grad]
        for matrix, decay in ((True, weight_decay), (False, 0.0)):
            chosen = [weight for weight in weights if (weight.ndim > 1) == matrix]
            if chosen:
                split.append({**group, "params": chosen, "weight_decay": decay})
    return split


def warm_and_fall(step: int, steps: int, warmup: float) -> float:
    """The learning rate's factor at a step, counted from 0.

    From 1/w to 1 over the w steps of the warm-up (a share `warmup` of all, one at least), then
    linearly towards 0.
    """
    warm = max(1, round(warmup * steps))
    if step < warm:
        return (step + 1) / warm
    return max(0.0, (steps - step) / max(1, steps - warm))

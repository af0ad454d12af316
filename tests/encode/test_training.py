"""Batches and rates that every training of pre-trained layers uses."""

import torch

from devaflow.encode.training import bucketed, decayed, warm_and_fall


def test_every_row_comes_once_in_batches_of_like_length() -> None:
    rows = torch.arange(100, 260)
    length = torch.randint(2, 60, (260,), generator=torch.Generator().manual_seed(0))
    shuffler = torch.Generator().manual_seed(1)
    batches = list(bucketed(rows, length, 8, 10, shuffler))
    assert torch.cat(batches).sort().values.equal(rows)
    spread = [int(length[batch].max() - length[batch].min()) for batch in batches]
    assert sum(spread) / len(spread) < 8, "of 58 that rows drawn at random would have"
    longest = [int(length[batch].max()) for batch in batches[:10]]
    assert longest != sorted(longest), "short ones do not come first"
    again = list(bucketed(rows, length, 8, 10, shuffler))
    assert not torch.equal(torch.cat(batches), torch.cat(again)), "the next epoch has another order"


def test_the_rate_rises_and_falls_to_zero() -> None:
    factors = [warm_and_fall(step, 20, 0.1) for step in range(21)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[20] == 0
    assert sorted(factors[2:], reverse=True) == factors[2:]


def test_matrices_alone_are_shrunk_and_what_is_frozen_is_left_out() -> None:
    layer, frozen = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2).requires_grad_(False)
    weights = [*layer.parameters(), *frozen.parameters()]
    matrices, others = decayed([{"params": weights, "lr": 0.1}], 0.01)
    assert (matrices["params"], matrices["weight_decay"]) == ([layer.weight], 0.01)
    assert (others["params"], others["weight_decay"], others["lr"]) == ([layer.bias], 0.0, 0.1)

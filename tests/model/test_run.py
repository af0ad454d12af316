"""What is measured of an epoch, over a network whose losses and outputs are played."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from devaflow.model.inputs import Inputs
from devaflow.model.run import Run
from devaflow.model.settings import LossSettings


class Played(Run):
    """The loss of a batch is its size; every score has the right sign, and none of the logits."""

    def batches(self) -> Iterator[Tensor]:
        yield from self.train_rows.split(8)

    def step(self, rows: Tensor) -> float:
        return float(len(rows))

    def outputs(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        score = 5 * self.inputs.label[rows].sign()
        return score, -score


def test_an_epoch_is_measured_over_segments_by_their_scores_within_the_scale(
    inputs: Inputs, loss: LossSettings, training: Callable
) -> None:
    network = nn.Linear(1, 1)
    settings = training(epochs=1)
    given = (inputs, inputs.normalisation(), loss, settings, 0, torch.device("cpu"))
    run = Played(network, *given)
    run.optimiser = torch.optim.SGD(network.parameters(), lr=1.0)
    run.optimiser.param_groups[0]["initial_lr"] = 1.0
    (epoch,) = run.fit(patience=1, on_epoch=None).history
    assert epoch["train_loss"] == pytest.approx((8 * 8 + 8 * 8 + 4 * 4) / 20)
    label = inputs.label[inputs.rows("valid")]
    assert epoch["valid_mae"] == pytest.approx((3 - label.abs()).mean().item())
    assert epoch["valid_acc2"] == 1.0

import math

import pytest
import torch

from devaflow.model.losses import HybridLoss, probability
from devaflow.model.settings import LossSettings

SCORE = torch.tensor([1.0, -2.0])
LOGIT = torch.tensor([0.0, 0.0])
LABEL = torch.tensor([1.5, 1.0])  # errors -0.5 and -3


@pytest.mark.parametrize(
    ("regression", "expected"),
    [("mse", (0.25 + 9) / 2), ("l1", (0.5 + 3) / 2), ("smooth_l1", (0.125 + 2.5) / 2)],
)
def test_regression_part_by_hand(regression: str, expected: float) -> None:
    loss = HybridLoss(LossSettings(regression, regression_weight=1.0, binary_weight=0.0))
    assert loss(SCORE, LOGIT, LABEL).item() == pytest.approx(expected)


def test_binary_part_by_hand_with_smoothed_targets() -> None:
    loss = HybridLoss(LossSettings("mse", 0.0, 1.0, label_smoothing=0.1))
    logit, label = torch.tensor([2.0, 2.0]), torch.tensor([0.5, 0.0])  # zero is not positive
    up, down = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    expected = ((0.95 * up + 0.05 * down) + (0.05 * up + 0.95 * down)) / 2
    assert loss(SCORE, logit, label).item() == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_probability_is_that_of_the_labels_before_they_were_smoothed(share: float) -> None:
    """Among 50 rows alike, the logit of least loss stands for the share of those above 0."""
    loss = HybridLoss(LossSettings("mse", 0.0, 1.0, label_smoothing=0.2))
    label = (torch.arange(50) < round(50 * share)).double()
    logits = torch.linspace(-5, 5, 2001, dtype=torch.float64)
    losses = [loss(torch.zeros(50), logit.expand(50), label).item() for logit in logits]
    found = probability(logits[losses.index(min(losses))], 0.2)
    assert found.item() == pytest.approx(share, abs=0.002)


def test_a_probability_stays_in_its_range() -> None:
    assert probability(torch.tensor([-9.0, 9.0]), 0.1).tolist() == [0, 1]


def test_parts_are_weighted_and_added() -> None:
    loss = HybridLoss(LossSettings("l1", regression_weight=0.3, binary_weight=0.7))
    assert loss(SCORE, LOGIT, LABEL).item() == pytest.approx(0.3 * 1.75 + 0.7 * math.log(2))

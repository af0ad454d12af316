import math

import pytest
import torch

from devaflow.model.losses import HybridLoss
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


def test_parts_are_weighted_and_added() -> None:
    loss = HybridLoss(LossSettings("l1", regression_weight=0.3, binary_weight=0.7))
    assert loss(SCORE, LOGIT, LABEL).item() == pytest.approx(0.3 * 1.75 + 0.7 * math.log(2))

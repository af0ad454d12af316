"""The training loss: how far the score is off, and on which side of zero it falls."""

from torch import Tensor, nn

from devaflow.model.settings import LossSettings

REGRESSION = {"mse": nn.MSELoss, "smooth_l1": nn.SmoothL1Loss, "l1": nn.L1Loss}


def probability(logit: Tensor, smoothing: float) -> Tensor:
    """The probability of label > 0 that a logit stands for, in [0, 1].

    With smoothed targets a logit is trained to tell s / 2 + (1 - s) p in place of p: taken at its
    word, nothing would be more certain than 1 - s / 2.
    """
    return ((logit.sigmoid() - smoothing / 2) / (1 - smoothing)).clamp(0, 1)


class HybridLoss(nn.Module):
    """w_r * regression(score, label) + w_b * BCE(logit, label > 0), the means over a batch.

    Label smoothing s moves the binary target from {0, 1} to {s / 2, 1 - s / 2}.
    """

    def __init__(self, settings: LossSettings) -> None:
        """Take the two losses, their weights and the smoothing from `settings`."""
        super().__init__()
        self.settings = settings
        self.regression = REGRESSION[settings.regression]()
        self.binary = nn.BCEWithLogitsLoss()

    def forward(self, score: Tensor, logit: Tensor, label: Tensor) -> Tensor:
        """Loss (scalar) of score, logit and label, each float [B]."""
        smoothing = self.settings.label_smoothing
        positive = (label > 0).to(logit.dtype) * (1 - smoothing) + smoothing / 2
        regression = self.regression(score, label)
        binary = self.binary(logit, positive)
        return self.settings.regression_weight * regression + self.settings.binary_weight * binary

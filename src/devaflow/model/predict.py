"""From a trained network to a score and a probability for every segment."""

import pandas as pd
import torch
from torch import Tensor, nn

from devaflow.corpus.clips import LIMIT
from devaflow.model.inputs import Inputs, Normalisation
from devaflow.model.losses import probability

BATCH = 256


@torch.no_grad()
def outputs(
    network: nn.Module, normalisation: Normalisation, inputs: Inputs, rows: Tensor
) -> tuple[Tensor, Tensor]:
    """Score and logit, float32 [len(rows)] each, as the network gives them (not clamped).

    Network, statistics and inputs must be on one device; the result is on the CPU.
    """
    network.eval()
    pairs = [network(normalisation.apply(inputs.batch(part))) for part in rows.split(BATCH)]
    score, logit = (torch.cat(column).float().cpu() for column in zip(*pairs, strict=True))
    return score, logit


def predict(
    network: nn.Module,
    normalisation: Normalisation,
    inputs: Inputs,
    smoothing: float,
    device: torch.device | str = "cpu",
) -> pd.DataFrame:
    """A prediction for every segment, in the order of `inputs.segments`.

    smoothing: that of the labels which the network was trained on (see `probability`).
    Columns video_id, clip_id, split, label, prediction (in [-3, 3]), probability (of label > 0,
    in [0, 1]); the last two float64.
    """
    rows = torch.arange(len(inputs.segments), device=device)
    score, logit = outputs(network.to(device), normalisation.to(device), inputs.to(device), rows)
    return predictions(inputs.segments, score, logit, smoothing)


def predictions(
    segments: pd.DataFrame, score: Tensor, logit: Tensor, smoothing: float
) -> pd.DataFrame:
    """The segments with what a network gave for them, score and logit float32 [len(segments)]."""
    return segments.assign(
        prediction=score.double().clamp(-LIMIT, LIMIT).numpy(),
        probability=probability(logit.double(), smoothing).numpy(),
    )

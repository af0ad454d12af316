"""A small corpus whose text states carry the label."""

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from devaflow.encode.encoder import load
from devaflow.encode.states import TokenStates
from devaflow.model.inputs import MODALITIES, Inputs
from devaflow.model.settings import LossSettings, ModelSettings, TrainingSettings
from devaflow.model.values import COLUMNS

HIDDEN = 16
WORDS = {1.0: "what a wonderful film", -1.0: "an awful and boring film"}


@pytest.fixture(scope="session")
def encoder(minilm: Path) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """The tokenizer and the model of the packaged encoder."""
    return load(minilm)


@pytest.fixture(scope="session")
def transcripts() -> pd.DataFrame:
    """Eight videos of four segments, whose words say the label."""
    labels = [1.0, -1.0, -1.0, 1.0] * 8
    return pd.DataFrame(
        {
            "video_id": [f"v{row // 4}" for row in range(32)],
            "clip_id": [str(row % 4) for row in range(32)],
            "start": math.nan,
            "split": [("train", "train", "valid", "test")[row % 4] for row in range(32)],
            "label": labels,
            "text": [f"{WORDS[label]} {row}" for row, label in enumerate(labels)],
        }
    )


@pytest.fixture(scope="session")
def states() -> TokenStates:
    """Of one text, one token."""
    index = pd.DataFrame({"text": ["x"], "start": [0], "length": [1]})
    random = torch.Generator().manual_seed(0)
    return TokenStates(torch.randn(1, 384, generator=random).half(), index)


@pytest.fixture(scope="session")
def spoken(transcripts: pd.DataFrame, states: TokenStates) -> Inputs:
    """These segments as inputs of a network that encodes the transcripts itself."""
    key = transcripts[["video_id", "clip_id"]]
    table = key.assign(status="ok", text="x")
    return Inputs.join(
        transcripts,
        dict.fromkeys(MODALITIES, table),
        dict.fromkeys(MODALITIES, states),
        key.reindex(columns=["video_id", "clip_id", *COLUMNS]),
    )


@pytest.fixture(scope="session")
def finetuned() -> dict:
    """A variant that trains its encoder, as the configuration describes one."""
    return {
        "encoder": "minilm",
        "context": 2,
        "model": {"network": "finetuned", "modality_tokens": 2, "frozen_layers": 5},
        "loss": {"regression": "l1", "regression_weight": 1.0, "binary_weight": 0.2},
        "training": {
            "learning_rate": 1e-4,
            "head_learning_rate": 1e-3,
            "weight_decay": 0.01,
            "clip_norm": 1.0,
            "epochs": 2,
            "batch_size": 8,
            "amp": False,
        },
    }


@pytest.fixture(scope="session")
def two_members(finetuned: dict) -> dict:
    """Such a variant of two members, which read and train more and less."""
    members = [{"context": 0}, {"context": 1, "model": {"frozen_layers": 4}}]
    return finetuned | {"members": members}


def corpus(size: int = 40, hidden: int = HIDDEN) -> tuple[pd.DataFrame, dict, dict, pd.DataFrame]:
    """Segments, tables, token states and measured values; each has texts of 2 to 5 tokens."""
    random = torch.Generator().manual_seed(0)
    labels = torch.linspace(-3, 3, size)[torch.randperm(size, generator=random)]
    segments = pd.DataFrame(
        {
            "video_id": [f"v{row // 4}" for row in range(size)],
            "clip_id": [str(row % 4) for row in range(size)],
            "split": [("train", "train", "valid", "test")[row % 4] for row in range(size)],
            "label": labels.double().numpy(),
        }
    )
    tables, states = {}, {}
    for modality in MODALITIES:
        length = torch.randint(2, 6, (size,), generator=random)
        tokens = torch.randn(int(length.sum()), hidden, generator=random)
        if modality == "text":
            tokens[:, 0] += 2 * labels.repeat_interleave(length)
        texts = [f"{modality} {row}" for row in range(size)]
        index = pd.DataFrame(
            {"text": texts, "start": (length.cumsum(0) - length).numpy(), "length": length.numpy()}
        )
        states[modality] = TokenStates(tokens.half(), index)
        tables[modality] = segments[["video_id", "clip_id"]].assign(
            status="ok", reason="", text=texts
        )
    measured = torch.randn(size, len(COLUMNS), generator=random).double().numpy()
    values = segments[["video_id", "clip_id"]].join(pd.DataFrame(measured, columns=COLUMNS))
    return segments, tables, states, values


@pytest.fixture
def parts() -> tuple[pd.DataFrame, dict, dict, pd.DataFrame]:
    return corpus()


@pytest.fixture
def inputs() -> Inputs:
    return Inputs.join(*corpus())


@pytest.fixture
def optim() -> ModelSettings:
    return ModelSettings(network="devanet_optim", dropout=0.1, modality_tokens=4, encoder_heads=4)


@pytest.fixture
def loss() -> LossSettings:
    return LossSettings(regression="smooth_l1", regression_weight=0.3, binary_weight=0.7)


@pytest.fixture
def training() -> Callable[..., TrainingSettings]:
    """Settings of a short training, any of them replaced."""

    def settings(**changes: object) -> TrainingSettings:
        values = {
            "learning_rate": 3e-3,
            "weight_decay": 1e-3,
            "clip_norm": 0.5,
            "schedule": "cosine",
            "patience": 50,
            "epochs": 3,
            "batch_size": 8,
        }
        return TrainingSettings(**{**values, **changes})

    return settings

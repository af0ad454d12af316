"""The network whose text encoder is trained with it: upper layers, pooling, fusion on top.

The fusion starts as nothing (its last layer is zero): with no more than a thousand segments to
learn from, it may add to what the text says, but cannot disturb the pre-trained layers at first.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from devaflow.encode.layers import Layers, mean_state
from devaflow.model.devanet import InputLayer, ModalityEncoder, SimplifiedMFU
from devaflow.model.inputs import MODALITIES, Batch
from devaflow.model.settings import ModelSettings

HEADS = 4


class FineTunedDEVANet(nn.Module):
    """Upper encoder layers over the states that the frozen ones gave, and DEVANet's fusion."""

    def __init__(self, encoder: PreTrainedModel, settings: ModelSettings) -> None:
        """The upper layers of `encoder` as they are, all else freshly initialised."""
        super().__init__()
        hidden = encoder.config.hidden_size
        self.layers = Layers(encoder, settings.frozen_layers)
        self.encoders = nn.ModuleList(ModalityEncoder(hidden, settings) for _ in MODALITIES[1:])
        self.encoders.requires_grad_(not settings.freeze_text_encoder)
        self.given = InputLayer(hidden, settings)
        self.fusion = SimplifiedMFU(
            hidden, HEADS, settings.dropout, residual_norm=True, pool_max=True, rectify=True
        )
        self.dropout = nn.Dropout(settings.dropout)
        outputs = 2 if settings.binary_head == "own" else 1
        self.text_head = nn.Linear(hidden, outputs)
        self.fused_head = nn.Linear(hidden, outputs)
        for parameter in (*self.fused_head.parameters(), self.text_head.bias):
            nn.init.zeros_(parameter)

    @torch.no_grad()
    def start_from(self, head: Mapping[str, Tensor]) -> None:
        """Score the text at first as `head` does: weight [1, H] and bias [1]."""
        self.text_head.weight[0] = head["weight"][0]
        self.text_head.bias[0] = head["bias"][0]

    def forward(self, batch: Batch, own: Tensor) -> tuple[Tensor, Tensor]:
        """Score and logit of `label > 0`, float [B] each.

        batch.states[0]: what the frozen layers made of the context and the segment's own tokens.
        own: int64 [B], how many tokens at the end of the sequence are the segment's own.
        """
        states = self.layers(batch.states[0], batch.padding[0])
        # Scores of 16 bits would be multiples of 1/64: from here on all is float32.
        with torch.autocast(states.device.type, enabled=False):
            (_, *states_of), (padding, *padding_of), present = self.given(batch)
            text = mean_state(states.float(), padding, own).masked_fill(~present[:, :1], 0.0)
            audio, vision = (
                encoder(*pair)
                for encoder, *pair in zip(self.encoders, states_of, padding_of, strict=True)
            )
            fused = self.fusion(text[:, None], audio, vision, present)
            outputs = self.text_head(self.dropout(text)) + self.fused_head(fused)
        return outputs[:, 0], outputs[:, -1]

    def groups(self, rate: float, head_rate: float, decay: float) -> list[dict[str, Any]]:
        """Parameters with the learning rate of their layer: `rate` at the top, less below."""
        blocks = list(self.layers.blocks.children())
        above = [
            {"params": list(block.parameters()), "lr": rate * decay ** (len(blocks) - 1 - number)}
            for number, block in enumerate(blocks)
        ]
        inside = {id(weight) for weight in self.layers.parameters()}
        rest = [weight for weight in self.parameters() if id(weight) not in inside]
        return [*above, {"params": rest, "lr": head_rate}]

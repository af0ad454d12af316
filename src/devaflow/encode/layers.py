"""A BERT-family encoder in two parts, layers that stay as they are and layers that are trained,
and how sequences go in as a batch and come out as a mean.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.masking_utils import create_bidirectional_mask

from devaflow.errors import InputError
from devaflow.jobs import progress

BATCH = 32


class Layers(nn.Module):
    """Some consecutive Transformer layers of an encoder: [B, L, H] -> [B, L, H]."""

    def __init__(self, model: PreTrainedModel, first: int, last: int | None = None) -> None:
        """Copies of the layers from `first` until before `last` (None: to the top).

        Only layers of the BERT_FAMILY want no more than states and a mask.
        """
        super().__init__()
        self.config = model.config
        self.encoder = copy.deepcopy(model.get_submodule("encoder"))
        # What all layers share, as MPNet does its relative positions, is not trained.
        self.encoder.requires_grad_(False)
        self.encoder.layer = copy.deepcopy(blocks_of(model)[first:last]).requires_grad_(True)

    @property
    def blocks(self) -> nn.Module:
        """The layers, the lowest first."""
        return self.encoder.get_submodule("layer")

    def forward(self, states: Tensor, padding: Tensor) -> Tensor:
        """States after these layers; padding is bool [B, L], true where there is no token."""
        mask = create_bidirectional_mask(
            config=self.config, inputs_embeds=states, attention_mask=(~padding).long()
        )
        given: Tensor = self.encoder(states, attention_mask=mask)[0]
        return given


def blocks_of(model: PreTrainedModel) -> nn.ModuleList:
    """The Transformer layers of a BERT-family model, the lowest first.

    Raises InputError for a model of another build.
    """
    blocks = getattr(getattr(model, "encoder", None), "layer", None)
    if not isinstance(blocks, nn.ModuleList):
        raise InputError(
            f"a {model.config.model_type} model does not keep its layers as BERT does, so none can "
            "be chosen; set `layer: null` for this encoder"
        )
    return blocks


def padded(sequences: Sequence[Tensor], filler: int) -> tuple[Tensor, Tensor]:
    """Sequences of token ids, int64 [L] each, as one batch on the CPU.

    Returns the token ids, int64 [B, L], made equally long by `filler` at their ends, and padding,
    bool [B, L], true where there is no token.
    """
    length = torch.tensor([len(sequence) for sequence in sequences])
    token_ids = nn.utils.rnn.pad_sequence(list(sequences), batch_first=True, padding_value=filler)
    return token_ids, torch.arange(token_ids.shape[1]) >= length[:, None]


def mean_state(states: Tensor, padding: Tensor, own: Tensor) -> Tensor:
    """The mean state of the last `own` tokens (int64 [B]) of each sequence, [B, L, H] -> [B, H].

    padding: bool [B, L], true where there is no token.
    """
    length = (~padding).sum(1, keepdim=True)
    position = torch.arange(states.shape[1], device=states.device)
    pooled = ((position >= length - own[:, None]) & ~padding)[:, :, None]
    return (states * pooled).sum(1) / pooled.sum(1).clamp_min(1)


@torch.no_grad()
def frozen_states(
    model: PreTrainedModel, token_ids: Sequence[Sequence[int]], frozen: int, device: str
) -> list[Tensor]:
    """What the embeddings and the lowest `frozen` layers make of each sequence of token ids.

    They are not trained, so that this is computed once and not in every epoch. Returns one
    float16 [L, H] for each sequence, on the CPU, in their order.
    """
    model = model.eval().to(device)
    lower = Layers(model, 0, frozen)
    order = sorted(range(len(token_ids)), key=lambda row: (len(token_ids[row]), row))
    states: dict[int, Tensor] = {}
    for start in progress(range(0, len(order), BATCH), "frozen layers", "batches"):
        rows = order[start : start + BATCH]
        ids = [torch.tensor(token_ids[row]) for row in rows]
        batch, padding = padded(ids, model.config.pad_token_id or 0)
        embedded = model.get_submodule("embeddings")(input_ids=batch.to(device))
        hidden = lower(embedded, padding.to(device)).half().cpu()
        states |= {row: hidden[i, : len(ids[i])].clone() for i, row in enumerate(rows)}
    model.cpu()  # a GPU has better use for its memory
    return [states[row] for row in range(len(token_ids))]

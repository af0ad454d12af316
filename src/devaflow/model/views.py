"""Token sequences of a segment: its own words, alone or after those of earlier segments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from devaflow.corpus.clips import KEY
from devaflow.encode.layers import frozen_states
from devaflow.model.inputs import Inputs
from devaflow.model.settings import settings_of
from devaflow.text.transcripts import earlier


@dataclass(frozen=True)
class Transcripts:
    """What a network reads that trains its encoder: each segment's own words, not yet encoded.

    table: video_id, clip_id, start (seconds in the video, or NaN), text. encoders: the folder of
    each pre-trained model, by its name in the configuration. max_tokens: the longest sequence that
    one is given.
    """

    table: pd.DataFrame
    encoders: Mapping[str, Path]
    max_tokens: int


@dataclass(frozen=True)
class View:
    """All segments of a corpus as the trained layers read them.

    inputs: with what the frozen layers made of the text as states of the modality text.
    own: int64 [S], how many tokens at the end of a sequence are the segment's own.
    """

    inputs: Inputs
    own: Tensor

    def to(self, device: torch.device | str) -> "View":
        """The same view with every tensor on `device`."""
        return View(self.inputs.to(device), self.own.to(device))


def view(
    inputs: Inputs,
    transcripts: Transcripts,
    member: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    encoder: PreTrainedModel,
    device: str,
) -> View:
    """All segments as the network of one member reads them, with its encoder, which is loaded.

    A segment is read after `context` earlier ones of its video: a sequence is the encoder's first
    special token, the earlier segments and the segment's own tokens, with its last special token
    after each. What exceeds context_tokens is cut at the beginning of the context; a segment whose
    own tokens exceed max_tokens is cut at its end. Raises InputError as `settings_of`.
    """
    model = settings_of(member).model
    spoken = transcripts.table[[*KEY, "start", "text"]]
    table = inputs.segments[KEY].merge(spoken, on=KEY, validate="one_to_one")
    longest = (model.context_tokens, transcripts.max_tokens)
    sequences, own = sequences_of(table, tokenizer, member["context"], *longest)
    states = frozen_states(encoder, sequences, model.frozen_layers, device)
    length = torch.tensor([len(sequence) for sequence in sequences])
    start = length.cumsum(0) - length
    return View(
        replace(
            inputs,
            states=(torch.cat(states), *inputs.states[1:]),
            start=torch.cat([start[:, None], inputs.start[:, 1:]], 1),
            length=torch.cat([length[:, None], inputs.length[:, 1:]], 1),
        ),
        torch.tensor(own),
    )


def sequences_of(
    table: pd.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    context: int,
    context_tokens: int,
    max_tokens: int,
) -> tuple[list[list[int]], list[int]]:
    """Token ids of every row, and how many at the end are its own (see `view`)."""
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    words = tokenizer(table["text"].tolist(), add_special_tokens=False)["input_ids"]
    sequences, own = [], []
    for row, rows in enumerate(earlier(table, context)):
        mine = [*words[row][: max_tokens - 2], last]
        before = [token for other in rows for token in (*words[other], last)]
        room = max(0, min(context_tokens, max_tokens) - 1 - len(mine))
        sequences.append([first, *(before[-room:] if room else []), *mine])
        own.append(len(mine))
    return sequences, own

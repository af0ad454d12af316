"""What a network that trains its encoder reads: a segment after those before it."""

import math

import pandas as pd
import torch

from devaflow.encode.layers import frozen_states
from devaflow.model.inputs import Inputs
from devaflow.model.views import Transcripts, sequences_of, view


def test_a_member_reads_with_its_context_and_above_its_frozen_layers(
    spoken: Inputs, transcripts: pd.DataFrame, encoder: tuple, finetuned: dict
) -> None:
    settings = {"frozen_layers": 3, "context_tokens": 16}
    member = finetuned | {"context": 1, "model": finetuned["model"] | settings}
    found = view(spoken, Transcripts(transcripts, {}, 32), member, *encoder, "cpu")
    table = transcripts.drop(columns=["split", "label"])
    sequences, own = sequences_of(table, encoder[0], 1, context_tokens=16, max_tokens=32)
    assert found.own.tolist() == own
    assert found.inputs.length[:, 0].tolist() == [len(sequence) for sequence in sequences]
    expected = torch.cat(frozen_states(encoder[1], sequences, 3, "cpu"))
    assert torch.equal(found.inputs.states[0], expected)
    assert found.inputs.states[1:] == spoken.states[1:], "face and voice are as they were"


def test_a_sequence_is_the_context_and_then_the_segments_own_tokens(encoder: tuple) -> None:
    tokenizer, _ = encoder
    table = pd.DataFrame(
        {"video_id": ["v"] * 3 + ["w"], "clip_id": ["2", "10", "1", "1"], "text": list("abcd")}
    ).assign(start=math.nan)
    sequences, own = sequences_of(table, tokenizer, 2, context_tokens=32, max_tokens=32)
    words = [tokenizer.decode(sequence) for sequence in sequences]
    assert words == [
        "[CLS] c [SEP] a [SEP]",
        "[CLS] c [SEP] a [SEP] b [SEP]",
        "[CLS] c [SEP]",
        "[CLS] d [SEP]",
    ]
    assert own == [2, 2, 2, 2]
    cut, kept = sequences_of(table, tokenizer, 2, context_tokens=4, max_tokens=32)
    assert [len(sequence) for sequence in cut] == [4, 4, 3, 3]
    assert kept == own, "the context is cut, not the segment"


def test_a_segment_that_is_too_long_is_cut_at_its_end_and_has_no_context(encoder: tuple) -> None:
    tokenizer, _ = encoder
    table = pd.DataFrame({"video_id": "v", "clip_id": ["1", "2"], "text": ["a", "b c d e"]})
    (_, long), own = sequences_of(table.assign(start=math.nan), tokenizer, 1, 32, max_tokens=4)
    assert tokenizer.decode(long) == "[CLS] b c [SEP]"
    assert own == [2, 3]

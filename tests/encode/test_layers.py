"""Sequences as a batch, its mean states, and encoders whose layers can and cannot be chosen."""

import pytest
import torch
from transformers import AutoConfig, AutoModel

from devaflow.encode.architecture import LAYERED
from devaflow.encode.layers import blocks_of, mean_state, padded
from devaflow.errors import InputError


def test_sequences_are_filled_up_to_the_longest() -> None:
    token_ids, padding = padded([torch.tensor([7, 8, 9]), torch.tensor([7])], 5)
    assert token_ids.tolist() == [[7, 8, 9], [7, 5, 5]]
    assert padding.tolist() == [[False, False, False], [False, True, True]]


def test_only_the_last_own_tokens_are_pooled() -> None:
    states = torch.randn(1, 5, 384)
    padding = torch.tensor([[False, False, False, False, True]])
    pooled = mean_state(states, padding, torch.tensor([2]))
    torch.testing.assert_close(pooled[0], states[0, 2:4].mean(0))


def test_a_model_of_another_build_has_no_layers_to_choose() -> None:
    sizes = {"n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 9}
    model = AutoModel.from_config(AutoConfig.for_model("gpt2", **sizes))
    with pytest.raises(InputError, match=r"a gpt2 model does not keep .* set `layer: null` for"):
        blocks_of(model)


@pytest.mark.parametrize("kind", LAYERED)
def test_of_the_layered_models_the_upper_layers_can_be_left_out(kind: str) -> None:
    sizes = ("hidden_size", "intermediate_size", "embedding_size", "input_embedding_size")
    small = dict.fromkeys(sizes, 32) | {"num_hidden_layers": 2, "num_attention_heads": 2}
    small |= {"vocab_size": 100, "max_position_embeddings": 64, "attention_window": 16}
    model = AutoModel.from_config(AutoConfig.for_model(kind, **small)).eval()
    del blocks_of(model)[1:]
    ids = torch.arange(5, 13)[None]
    read = model(input_ids=ids, attention_mask=torch.ones_like(ids))
    assert read.last_hidden_state.shape == (1, 8, 32)

from dataclasses import replace

import pytest
import torch
from torch import nn

from devaflow.errors import InputError
from devaflow.model.devanet import ModalityEncoder, build
from devaflow.model.inputs import Batch, Inputs
from devaflow.model.settings import ModelSettings
from devaflow.model.values import COLUMNS, MEASURED

SETTINGS = ModelSettings("devanet_optim", modality_tokens=3, encoder_heads=4)
NETWORKS = ["devanet", "devanet_optim"]


def network(hidden: int = 16, **changes: object) -> nn.Module:
    torch.manual_seed(0)
    return build(hidden, replace(SETTINGS, **changes)).eval()


def lengthened(batch: Batch, by: int) -> Batch:
    """The same batch with `by` more positions of padding, which hold numbers, not zeros."""
    states = tuple(nn.functional.pad(s, (0, 0, 0, by), value=9.0) for s in batch.states)
    padding = tuple(nn.functional.pad(p, (0, by), value=True) for p in batch.padding)
    return replace(batch, states=states, padding=padding)


@pytest.mark.parametrize("name", NETWORKS)
def test_one_score_and_one_logit_for_each_segment(name: str, inputs: Inputs) -> None:
    score, logit = network(network=name)(inputs.batch(torch.arange(5)))
    assert score.shape == logit.shape == (5,)
    assert not torch.equal(score, logit)


def test_with_a_shared_head_the_score_is_the_logit(inputs: Inputs) -> None:
    score, logit = network(binary_head="shared")(inputs.batch(torch.arange(5)))
    assert torch.equal(score, logit)


def test_the_size_is_that_of_the_states() -> None:
    batch = Batch(
        states=(torch.randn(2, 6, 768),) * 3,
        padding=(torch.zeros(2, 6, dtype=torch.bool),) * 3,
        present=torch.ones(2, 3, dtype=torch.bool),
        label=torch.zeros(2),
        values=torch.zeros(2, len(COLUMNS)),
    )
    assert network(768)(batch)[0].shape == (2,)


@pytest.mark.parametrize(("hidden", "heads"), [(18, 4), (6, 3)])
def test_heads_must_divide_the_size(hidden: int, heads: int) -> None:
    with pytest.raises(InputError, match=f"hidden size {hidden}"):
        network(hidden, encoder_heads=heads)


@pytest.mark.parametrize(("keep", "tokens"), [("tokens", 3), ("positions", 1)])
def test_text_encoder_is_a_transformer_layer_cut_after_three_positions(
    keep: str, tokens: int, inputs: Inputs
) -> None:
    torch.manual_seed(0)
    encoder = ModalityEncoder(16, replace(SETTINGS, keep=keep)).eval()
    layer = nn.TransformerEncoderLayer(16, 4, 64, batch_first=True).eval()
    nn.init.normal_(encoder.value.bias)
    nn.init.normal_(encoder.query.bias)
    attention = layer.self_attn
    parts = (encoder.query, encoder.key, encoder.value)
    with torch.no_grad():
        attention.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        biases = (encoder.query.bias, torch.randn(16), encoder.value.bias)
        attention.in_proj_bias.copy_(torch.cat(biases))
    attention.out_proj.load_state_dict(encoder.output.state_dict())
    layer.linear1.load_state_dict(encoder.feed_forward[0].state_dict())
    layer.linear2.load_state_dict(encoder.feed_forward[3].state_dict())

    batch = inputs.batch(torch.arange(6))
    states, padding = batch.states[0], batch.padding[0]
    whole = torch.cat([encoder.tokens.expand(6, -1, -1), states], 1)
    mask = torch.cat([torch.zeros(6, tokens, dtype=torch.bool), padding], 1)
    expected = layer(whole, src_key_padding_mask=mask)[:, :3]
    torch.testing.assert_close(encoder(states, padding), expected, rtol=1e-4, atol=1e-5)


def test_positions_that_a_short_text_does_not_have_are_padding() -> None:
    settings = replace(SETTINGS, keep="positions", modality_tokens=8)
    encoder = ModalityEncoder(16, settings).eval()
    states, padding = torch.randn(2, 3, 16), torch.zeros(2, 3, dtype=torch.bool)
    found = encoder(states, padding)
    assert found.shape == (2, 8, 16)
    filled = nn.functional.pad(states, (0, 0, 0, 4)), nn.functional.pad(padding, (0, 4), value=True)
    torch.testing.assert_close(found, encoder(*filled))


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_changes_nothing(name: str, inputs: Inputs) -> None:
    batch, model = inputs.batch(torch.arange(8)), network(network=name)
    torch.testing.assert_close(model(lengthened(batch, 7)), model(batch))


def test_unmasked_padding_does_change_the_score(inputs: Inputs) -> None:
    batch, model = inputs.batch(torch.arange(8)), network(mask_padding=False)
    assert not torch.allclose(model(lengthened(batch, 7))[0], model(batch)[0])


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("modality", [0, 1, 2])
def test_the_states_of_a_missing_modality_change_nothing(
    name: str, modality: int, inputs: Inputs
) -> None:
    batch, model = inputs.batch(torch.arange(8)), network(network=name)
    batch.present[:, modality] = False
    other = list(batch.states)
    other[modality] = torch.full_like(other[modality], torch.nan)
    torch.testing.assert_close(model(replace(batch, states=tuple(other))), model(batch))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("modality", [0, 1, 2])
def test_the_pooled_features_of_a_missing_modality_are_zero(
    name: str, modality: int, inputs: Inputs
) -> None:
    batch, model = inputs.batch(torch.arange(8)), network(network=name)
    batch.present[:, modality] = False
    seen: list[torch.Tensor] = []
    model.fusion.fusion.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model(batch)
    zero = [not part.any() for part in seen[0].chunk(3, dim=1)]
    assert zero == [number == modality for number in range(3)]


@pytest.mark.parametrize("name", NETWORKS)
def test_text_and_what_voice_and_face_answer_it_are_pooled(name: str, inputs: Inputs) -> None:
    """By the mean; optim adds the question to the answer and normalises, and adds the maximum."""
    batch, model, optim = inputs.batch(torch.arange(8)), network(network=name), "optim" in name
    seen: list[torch.Tensor] = []
    model.fusion.fusion.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model(batch)
    text, *others = (
        encoder(*pair)
        for encoder, *pair in zip(model.encoders, batch.states, batch.padding, strict=True)
    )
    parts = [text]
    for asked, other in zip((model.fusion.audio, model.fusion.vision), others, strict=True):
        answer, _ = asked.attention(text, other, other)
        parts.append(nn.functional.layer_norm(text + answer, (16,)) if optim else answer)
    pooled = [(part.mean(1), part.amax(1)) if optim else (part.mean(1),) for part in parts]
    torch.testing.assert_close(seen[0], torch.cat([of for part in pooled for of in part], 1))


@pytest.mark.parametrize("name", NETWORKS)
def test_optim_alone_rectifies_what_is_fused(name: str) -> None:
    layers = [type(layer) for layer in network(network=name).fusion.fusion]
    rectified = [nn.ReLU] if "optim" in name else []
    assert layers == [nn.Linear, *rectified, nn.LayerNorm, nn.Dropout]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("modality", [0, 1, 2])
def test_a_present_modality_counts(name: str, modality: int, inputs: Inputs) -> None:
    batch, model = inputs.batch(torch.arange(8)), network(network=name)
    before = model(batch)[0]
    batch.present[:, modality] = False
    assert not torch.isclose(model(batch)[0], before).any()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("missing", [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]])
def test_whatever_is_missing_outputs_and_gradients_are_finite(
    name: str, missing: list[int], parts: tuple
) -> None:
    segments, tables, states, values = parts
    for number in missing:
        tables[("text", "audio", "vision")[number]]["status"] = "missing"
    model = network(network=name).train()
    score, logit = model(Inputs.join(segments, tables, states, values).batch(torch.arange(4)))
    (score + logit).sum().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(value.isfinite().all() for value in (score, logit, *gradients))


def test_a_frozen_text_encoder_is_not_trained() -> None:
    model = network(freeze_text_encoder=True)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert trained
    assert not any(name.startswith("encoders") for name in trained)


@pytest.mark.parametrize("modality", [0, 1, 2])
def test_a_modality_that_is_not_configured_is_not_seen(modality: int, inputs: Inputs) -> None:
    names = ["text", "audio", "vision"]
    batch = inputs.batch(torch.arange(8))
    model = network(modalities=[name for name in names if name != names[modality]])
    other = list(batch.states)
    other[modality] = torch.full_like(other[modality], torch.nan)
    torch.testing.assert_close(model(replace(batch, states=tuple(other))), model(batch))


@pytest.mark.parametrize(
    ("represent", "words_count", "values_count"),
    [("words", True, False), ("values", False, True), ("both", True, True)],
)
@pytest.mark.parametrize("modality", ["audio", "vision"])
def test_voice_and_face_are_words_or_values_or_both(
    modality: str, represent: str, words_count: bool, values_count: bool, inputs: Inputs
) -> None:
    batch, model = inputs.batch(torch.arange(8)), network(represent=represent)
    number = 1 if modality == "audio" else 2
    states = list(batch.states)
    states[number] = torch.randn_like(states[number])
    values = batch.values.clone()
    values[:, [COLUMNS.index(name) for name in MEASURED[modality]]] += 1.0
    score, _ = model(batch)
    words, _ = model(replace(batch, states=tuple(states)))
    measured, _ = model(replace(batch, values=values))
    assert torch.equal(score, words) != words_count
    assert torch.equal(score, measured) != values_count

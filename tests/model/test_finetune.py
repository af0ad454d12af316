"""Fine-tuning, with the packaged MiniLM: a real BERT of six layers."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from devaflow.encode.architecture import BERT_FAMILY
from devaflow.encode.device import has_bfloat16
from devaflow.encode.layers import Layers, frozen_states
from devaflow.errors import InputError
from devaflow.model.finetune import finetune, outputs
from devaflow.model.finetuned import FineTunedDEVANet
from devaflow.model.inputs import MODALITIES, Inputs
from devaflow.model.settings import FineTuningSettings, LossSettings, ModelSettings
from devaflow.model.values import COLUMNS, MEASURED
from devaflow.model.views import Transcripts, View, view

MODEL = ModelSettings("finetuned", dropout=0.1, modality_tokens=2, frozen_layers=5)
LOSS = LossSettings("l1", regression_weight=1.0, binary_weight=0.2)
TRAINING = FineTuningSettings(
    learning_rate=1e-3,
    head_learning_rate=1e-2,
    weight_decay=0.01,
    clip_norm=1.0,
    epochs=6,
    batch_size=8,
    amp=False,
)


@pytest.fixture
def make_view(
    spoken: Inputs, transcripts: pd.DataFrame, encoder: tuple, finetuned: dict
) -> Callable[[int], View]:
    def make(context: int) -> View:
        member = finetuned | {"context": context}
        return view(spoken, Transcripts(transcripts, {}, 32), member, *encoder, "cpu")

    return make


def test_frozen_and_trained_layers_together_are_the_encoder(encoder: tuple) -> None:
    tokenizer, model = encoder
    texts = ["hello there, my friend", "ok", "what a truly terrible film it was"]
    given = tokenizer(texts, padding=True, return_tensors="pt")
    there = given["attention_mask"].bool()
    below = frozen_states(model, tokenizer(texts)["input_ids"], 4, "cpu")
    with torch.no_grad():
        whole = model(**given, output_hidden_states=True)
        above = Layers(model, 4).eval()(whole.hidden_states[4], ~there)
    torch.testing.assert_close(torch.cat(below), whole.hidden_states[4][there].half())
    torch.testing.assert_close(above[there], whole.last_hidden_state[there])


TINY = {
    "vocab_size": 50,
    "hidden_size": 8,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}


@pytest.mark.parametrize("family", sorted(BERT_FAMILY))
def test_layers_of_each_family_run_by_themselves_as_in_the_whole_model(family: str) -> None:
    torch.manual_seed(0)
    model = AutoModel.from_config(AutoConfig.for_model(family, **TINY)).eval()
    sequences = [[4, 5, 6, 7, 8], [9, 10]]
    ids = torch.full((2, 5), model.config.pad_token_id)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
    there = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    below = frozen_states(model, sequences, 1, "cpu")
    given = {"input_ids": ids, "attention_mask": there.long()}
    upper = Layers(model, 1).eval()
    with torch.no_grad():
        whole = model(**given, output_hidden_states=True)
        above = upper(whole.hidden_states[1], ~there)
    torch.testing.assert_close(torch.cat(below), whole.hidden_states[1][there].half())
    torch.testing.assert_close(above[there], whole.last_hidden_state[there])
    trained = [name for name, weight in upper.named_parameters() if weight.requires_grad]
    assert trained == [f"encoder.layer.{name}" for name, _ in upper.blocks.named_parameters()]


def test_the_fusion_adds_nothing_at_first(make_view: Callable, encoder: tuple) -> None:
    network = FineTunedDEVANet(encoder[1], replace(MODEL, represent="both")).eval()
    seen = make_view(0)
    batch = seen.inputs.normalisation().apply(seen.inputs.batch(torch.arange(4)))
    own = seen.own[:4]
    others = replace(batch, present=batch.present & torch.tensor([True, False, False]))
    with torch.no_grad():
        torch.testing.assert_close(network(batch, own), network(others, own))


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_modality_counts_where_it_is_present_and_only_there(
    modality: str, make_view: Callable, encoder: tuple
) -> None:
    network = FineTunedDEVANet(encoder[1], replace(MODEL, represent="both")).eval()
    nn.init.normal_(network.fused_head.weight)
    seen, number = make_view(0), MODALITIES.index(modality)
    batch = seen.inputs.normalisation().apply(seen.inputs.batch(torch.arange(4)))
    own, present = seen.own[:4], batch.present.clone()
    present[:, number] = False
    states, values = list(batch.states), batch.values.clone()
    states[number] = torch.full_like(states[number], torch.nan)
    values[:, [COLUMNS.index(name) for name in MEASURED.get(modality, [])]] = torch.nan
    other = replace(batch, states=tuple(states), values=values)
    with torch.no_grad():
        score, logit = network(replace(other, present=present), own)
        assert not torch.isclose(score, network(batch, own)[0]).any()
        expected = network(replace(batch, present=present), own)
    torch.testing.assert_close((score, logit), expected)


def test_frozen_encoders_of_voice_and_face_are_not_trained(encoder: tuple) -> None:
    network = FineTunedDEVANet(encoder[1], replace(MODEL, freeze_text_encoder=True))
    frozen = {name for name, weight in network.named_parameters() if not weight.requires_grad}
    assert frozen == {f"encoders.{name}" for name, _ in network.encoders.named_parameters()}


def test_the_text_is_scored_at_first_as_an_adapted_encoder_does(
    make_view: Callable, encoder: tuple
) -> None:
    network = FineTunedDEVANet(encoder[1], MODEL).eval()
    head = {"weight": torch.randn(1, 384), "bias": torch.tensor([0.5])}
    network.start_from(head)
    seen = make_view(0)
    batch, own = seen.inputs.batch(torch.arange(1)), seen.own[:1]
    with torch.no_grad():
        score, logit = network(batch, own)
        states = network.layers(batch.states[0], batch.padding[0])[0, -int(own) :]
    expected = states.mean(0) @ head["weight"][0] + 0.5
    torch.testing.assert_close(score[0], expected)
    assert score != logit, "the head of the sign is its own"


@pytest.mark.parametrize("context", [0, 2])
def test_it_learns_what_words_say_and_does_so_again(
    context: int, make_view: Callable, encoder: tuple
) -> None:
    seen = make_view(context)
    trained = finetune(encoder[1], seen, MODEL, LOSS, TRAINING, seed=1)
    assert trained.history[-1]["train_loss"] < trained.history[0]["train_loss"]
    rates = [epoch["learning_rate"] for epoch in trained.history]
    assert 0 < min(rates) < max(rates) <= TRAINING.learning_rate, "the encoder's, not the head's"
    assert not trained.normalisation.mean[0].any(), "trained layers get what frozen ones gave"
    assert (trained.normalisation.std[0] == 1).all()
    valid = seen.inputs.rows("valid")
    score, _ = outputs(trained.network, trained.normalisation, seen, valid, amp=False)
    kept = (score.clamp(-3, 3) - seen.inputs.label[valid]).abs().mean().item()
    assert kept == pytest.approx(trained.history[trained.best_epoch - 1]["valid_mae"], abs=1e-6)
    test = seen.inputs.rows("test")
    score, _ = outputs(trained.network, trained.normalisation, seen, test, amp=False)
    assert ((score > 0) == (seen.inputs.label[test] > 0)).all()
    again = finetune(encoder[1], seen, MODEL, LOSS, TRAINING, seed=1)
    weights, others = trained.network.state_dict(), again.network.state_dict()
    assert all(torch.equal(weights[name], others[name]) for name in weights)


def test_segments_that_are_not_trained_on_do_not_change_the_weights(
    make_view: Callable, encoder: tuple
) -> None:
    """Of the valid ones only the choice of the epoch depends, and here is one epoch."""
    seen, once = make_view(2), replace(TRAINING, epochs=1)
    others = ~torch.isin(torch.arange(len(seen.own)), seen.inputs.rows("train"))
    assert others.any()
    label = torch.where(others, -seen.inputs.label, seen.inputs.label)
    spoilt = replace(seen, inputs=replace(seen.inputs, label=label))
    before = finetune(encoder[1], seen, MODEL, LOSS, once, seed=1).network.state_dict()
    after = finetune(encoder[1], spoilt, MODEL, LOSS, once, seed=1).network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_gradients_clipped_to_nothing_leave_the_fusion_as_it_was(
    make_view: Callable, encoder: tuple
) -> None:
    once = replace(TRAINING, epochs=1, weight_decay=0.0, clip_norm=1e-14)
    trained = finetune(encoder[1], make_view(0), MODEL, LOSS, once, seed=1)
    assert trained.network.fused_head.weight.abs().max() < 1e-6, "it starts as nothing"


def test_the_pre_trained_encoder_is_left_as_it_was(make_view: Callable, encoder: tuple) -> None:
    before = {name: weight.clone() for name, weight in encoder[1].state_dict().items()}
    finetune(encoder[1], make_view(0), MODEL, LOSS, replace(TRAINING, epochs=1), seed=1)
    assert all(torch.equal(before[n], weight) for n, weight in encoder[1].state_dict().items())


def test_a_loss_that_is_not_finite_says_what_to_lower(make_view: Callable, encoder: tuple) -> None:
    wild = replace(TRAINING, learning_rate=1e6, head_learning_rate=1e30, clip_norm=1e30)
    with pytest.raises(InputError, match=r"diverged in epoch 1 .*\.head_learning_rate"):
        finetune(encoder[1], make_view(0), MODEL, LOSS, wild, seed=1)


def test_lower_layers_learn_more_slowly(encoder: tuple) -> None:
    network = FineTunedDEVANet(encoder[1], replace(MODEL, frozen_layers=3))
    rates = [group["lr"] for group in network.groups(1.0, 10.0, 0.5)]
    assert rates == [0.25, 0.5, 1.0, 10.0]


def test_bfloat16_learns_the_same_where_the_processor_has_it(
    make_view: Callable, encoder: tuple
) -> None:
    seen, short = make_view(0), replace(TRAINING, epochs=2)
    exact = finetune(encoder[1], seen, MODEL, LOSS, short, seed=1)
    mixed = finetune(encoder[1], seen, MODEL, LOSS, replace(short, amp=True), seed=1)
    losses = [run.history[-1]["train_loss"] for run in (exact, mixed)]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
    assert (losses[0] != losses[1]) == has_bfloat16("cpu")
    assert mixed.precision == ("bfloat16" if has_bfloat16("cpu") else "float32")

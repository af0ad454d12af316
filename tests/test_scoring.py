"""The trained model of a plan, and how a corpus is read for it."""

from pathlib import Path

import pytest

from devaflow.errors import InputError
from devaflow.planning import make_plan
from devaflow.scoring import preprocessing, trained_model

ROOT = Path(__file__).parents[1]


@pytest.fixture
def unlabelled(config):
    rows = [f"v{v},{c},some words,,\n" for v in range(4) for c in range(4)]
    Path("label.csv").write_text("video_id,clip_id,text,label,mode\n" + "".join(rows))
    return config


def test_a_corpus_without_labels_can_be_scored_by_a_trained_model(unlabelled):
    with pytest.raises(InputError, match="score it by a model that was trained before, name that"):
        make_plan(unlabelled, ROOT)
    unlabelled["model"] = "elsewhere/devanet_best_final.pth"
    plan = make_plan(unlabelled, ROOT)
    assert plan.protocols == []
    with pytest.raises(InputError, match=r"no protocol can be trained .*random: 0 labelled segm"):
        plan.require_trainable()
    Path("elsewhere").mkdir()
    Path(unlabelled["model"]).write_text("weights")
    assert trained_model(plan)["path"] == unlabelled["model"]
    assert trained_model(plan)["size"] == len("weights")


@pytest.mark.parametrize("model", [None, "results/models/devanet_best_final.pth"])
def test_no_model_is_trained_to_score_the_corpus_that_it_learns_from(config, model):
    with pytest.raises(InputError, match=r"configuration: model: .*name the trained model"):
        trained_model(make_plan(config | {"model": model}, ROOT))


@pytest.mark.parametrize("words", ["FACE_WORDS", "VOICE_WORDS"])
def test_other_words_for_face_or_voice_are_another_checksum(config, monkeypatch, words):
    plan = make_plan(config, ROOT)
    before = preprocessing(plan, [])["vision"]["phrases"]
    monkeypatch.setattr(f"devaflow.scoring.{words}", ["otherwise"])
    assert preprocessing(plan, [])["vision"]["phrases"] != before


def test_a_corpus_is_read_by_its_words_and_tokens_alone(config):
    plan = make_plan(config, ROOT)
    found = preprocessing(plan, ["minilm"])
    assert found["encoders"] == {"minilm": {"layer": None, "max_tokens": 128}}
    assert found["vision"]["backend"] == "mediapipe"
    assert found["vision"]["tools"].keys() == {"mediapipe", "opencv-contrib-python"}
    assert "opensmile" in found["audio"]["tools"]
    assert len(found["vision"]["phrases"]) == 64
    for stage, key, value in (("vision", "unit", "clip"), ("text", "context", 2)):
        other = config | {stage: config[stage] | {key: value}}
        assert preprocessing(make_plan(other, ROOT), ["minilm"]) == found
    other = config | {"text": config["text"] | {"lowercase": False}}
    assert preprocessing(make_plan(other, ROOT), ["minilm"]) != found

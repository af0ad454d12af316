"""An encoder that cannot be used, or not by a variant that has it, is refused with the key."""

import json
from pathlib import Path

import pytest

from devaflow.encoder_fit import require_encoder
from devaflow.errors import InputError
from devaflow.planning import make_plan

ROOT = Path(__file__).parents[1]


def test_an_encoder_that_is_not_there_is_an_error_for_who_uses_it(config):
    config["encoders"]["mine"] = {"source": "path", "id": "nowhere", "max_tokens": 128}
    config["variants"]["best"]["encoder"] = "mine"
    plan = make_plan(config, ROOT)
    require_encoder(plan, "minilm")
    with pytest.raises(InputError, match=r"nowhere holds no config\.json"):
        require_encoder(plan, "mine")


def test_a_layer_to_read_must_be_one_of_the_encoder(config):
    config["encoders"]["minilm"]["layer"] = 6
    require_encoder(make_plan(config, ROOT), "minilm")
    config["encoders"]["minilm"]["layer"] = 7
    with pytest.raises(InputError, match=r"encoders\.minilm\.layer: 7, .* from 1 to 6"):
        require_encoder(make_plan(config, ROOT), "minilm")


def test_a_sequence_must_fit_the_positions_of_the_encoder(config):
    config["encoders"]["minilm"]["max_tokens"] = 512
    require_encoder(make_plan(config, ROOT), "minilm")
    config["encoders"]["minilm"] |= {"source": "path", "id": "short"}
    del config["encoders"]["minilm"]["revision"]
    write_encoder("short", model_type="roberta", max_position_embeddings=130)
    config["encoders"]["minilm"]["max_tokens"] = 128
    require_encoder(make_plan(config, ROOT), "minilm")
    config["encoders"]["minilm"]["max_tokens"] = 129
    with pytest.raises(InputError, match=r"minilm\.max_tokens: 129, .* reads 128 tokens at most"):
        require_encoder(make_plan(config, ROOT), "minilm")


def write_encoder(folder, **described):
    """A folder that looks like an encoder of six layers, as far as a plan looks."""
    Path(folder).mkdir()
    size = {"hidden_size": 384, "num_hidden_layers": 6}
    Path(folder, "config.json").write_text(json.dumps(size | described))
    for name in ("model.safetensors", "tokenizer.json"):
        Path(folder, name).touch()


def test_heads_must_divide_the_hidden_size_of_the_encoder(config):
    config["variants"]["roberta"]["model"]["encoder_heads"] = 7
    with pytest.raises(InputError, match=r"roberta\.model\.encoder_heads: 7 does not divide 384"):
        require_encoder(make_plan(config, ROOT), "minilm")


def test_fine_tuning_needs_a_layer_that_is_not_frozen(config):
    plan = make_plan(config, ROOT)
    assert "best" in plan.finetuned
    assert "baseline" in plan.frozen
    require_encoder(plan, "minilm")
    best = config["variants"]["best"]
    best["members"].append({"model": {"frozen_layers": 6}})
    with pytest.raises(InputError, match=r"frozen_layers: 6, but the encoder 'minilm' has 6"):
        require_encoder(make_plan(config, ROOT), "minilm")


def test_a_member_must_fit_its_own_encoder(rated):
    rated["variants"]["best"]["members"][0]["model"] = {"frozen_layers": 6}
    plan = make_plan(rated, ROOT)
    with pytest.raises(InputError, match=r"frozen_layers: 6, but the encoder 'rated' has 6 layers"):
        require_encoder(plan, "rated")
    require_encoder(plan, "minilm")


def test_the_encoders_of_a_variant_have_states_of_one_size(rated):
    write_encoder("large", model_type="bert", hidden_size=768, num_hidden_layers=12)
    rated["encoders"]["large"] = {"source": "path", "id": "large", "max_tokens": 128}
    rated["variants"]["best"]["members"] = [{"encoder": "large"}]
    with pytest.raises(InputError, match=r"'large' has states of 768 numbers, 'minilm' of 384"):
        require_encoder(make_plan(rated, ROOT), "large")

"""What the description of an encoder says of its training."""

import json

import pytest

from devaflow.encode.architecture import BERT_FAMILY, Architecture, read_architecture
from devaflow.errors import InputError


@pytest.mark.parametrize("family", sorted(BERT_FAMILY))
def test_one_layer_that_is_not_frozen_can_be_trained(family: str) -> None:
    Architecture(family, 384, 6, 512).require_trainable("model", 5, "the encoder 'mine'")


@pytest.mark.parametrize(
    ("family", "frozen", "message"),
    [
        ("bert", 6, r"^adapt\.frozen_layers: 6, but the encoder 'mine' has 6 layers; leave"),
        ("bert", 7, r"^adapt\.frozen_layers: 7, but"),
        ("deberta-v2", 0, r"^adapt: layers of bert, .* the encoder 'mine' is deberta-v2"),
    ],
)
def test_what_cannot_be_trained_is_refused(family: str, frozen: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Architecture(family, 384, 6, 512).require_trainable("adapt", frozen, "the encoder 'mine'")


def test_a_layer_is_chosen_where_layers_are_kept_as_in_bert() -> None:
    Architecture("electra", 384, 6, 512).require_reading("encoders.mine", 5, 128)
    Architecture("modernbert", 384, 6, None).require_reading("encoders.mine", None, 128)
    with pytest.raises(InputError, match=r"mine\.layer: 5, but this encoder is modernbert.*null"):
        Architecture("modernbert", 384, 6, None).require_reading("encoders.mine", 5, 128)


def test_an_encoder_that_is_described_otherwise_is_named_by_its_type(tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "distilbert", "dim": 768}')
    with pytest.raises(
        InputError, match=r"\(model_type: distilbert\); choose another encoder, such as"
    ):
        read_architecture(tmp_path)


BERT = {"model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_attn_implementation", "kernels-community/flash-attn"),
        ("attn_implementation", "flash_attention_2"),
        ("_attn_implementation_internal", {"": "someone/kernel"}),
        ("quantization_config", {"quant_method": "bitsandbytes"}),
    ],
)
def test_an_encoder_that_asks_for_code_from_elsewhere_is_refused(tmp_path, key, value) -> None:
    (tmp_path / "config.json").write_text(json.dumps(BERT | {key: value}))
    with pytest.raises(
        InputError, match=rf"config\.json asks for code .*\({key}: .*remove the key"
    ):
        read_architecture(tmp_path)


@pytest.mark.parametrize("value", ["eager", "sdpa", None])
def test_an_encoder_may_name_an_attention_of_its_own(tmp_path, value) -> None:
    own = {"_attn_implementation": value, "quantization_config": None}
    (tmp_path / "config.json").write_text(json.dumps(BERT | own))
    assert read_architecture(tmp_path).layers == 6

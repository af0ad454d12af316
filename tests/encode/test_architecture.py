"""What the description of an encoder says of its training."""

import pytest

from devaflow.encode.architecture import BERT_FAMILY, Architecture
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

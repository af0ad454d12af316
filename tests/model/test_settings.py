import pytest

from devaflow.errors import InputError
from devaflow.model.settings import ModelSettings, settings_from


def test_keys_that_are_not_set_take_their_defaults() -> None:
    settings = settings_from(ModelSettings, {"network": "devanet", "dropout": 0.1}, "v.model")
    assert settings == ModelSettings(network="devanet", dropout=0.1, mask_padding=True)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"network": "devanet", "drop": 0.1}, r"variants\.x\.model\.drop: unknown key"),
        ({}, r"variants\.x\.model\.network: not set"),
        ({"network": "bert"}, r"'bert'; choose one of devanet, devanet_optim"),
    ],
)
def test_a_wrong_key_is_named_with_its_remedy(given: dict, named: str) -> None:
    with pytest.raises(InputError, match=named):
        settings_from(ModelSettings, given, "variants.x.model")

import pytest

from devaflow.errors import InputError
from devaflow.model.settings import ModelSettings, members_of, overlaid, settings_from


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


def test_of_two_configurations_the_upper_one_wins_key_by_key() -> None:
    below = {"context": 0, "model": {"network": "devanet", "dropout": 0.1}}
    merged = overlaid(below, {"model": {"dropout": 0.2}, "loss": {}})
    assert merged == {"context": 0, "model": {"network": "devanet", "dropout": 0.2}, "loss": {}}
    assert below["model"]["dropout"] == 0.1, "what is given is left as it is"


def test_a_member_that_sets_what_holds_anyway_is_no_other_network() -> None:
    variant = {"context": 0, "members": [{"context": 0}, {}, {"context": 3}]}
    assert [member["context"] for member in members_of(variant)] == [0, 3]

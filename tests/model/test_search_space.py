"""The search space: which settings are tried, within which bounds."""

import pytest

from devaflow.errors import InputError
from devaflow.model.search_space import ranges

OPTIMISER = {"learning_rate": 1.0e-5, "weight_decay": 0.0, "clip_norm": 0.5}
VARIANT = {
    "model": {"network": "devanet", "modality_tokens": 2},
    "loss": {"regression": "mse", "regression_weight": 0.5, "binary_weight": 0.5},
    "training": OPTIMISER | {"schedule": "cosine", "patience": 5, "epochs": 3},
}


def test_whole_bounds_do_not_make_a_real_number_whole() -> None:
    real, whole = ranges(
        VARIANT,
        {
            "loss": {"regression_weight": {"low": 0, "high": 1}},
            "training": {"epochs": {"low": 1, "high": 9}},
        },
    )
    assert not real.whole
    assert whole.whole


def test_choices_that_came_as_text_are_what_the_setting_is() -> None:
    rate, tokens, head = ranges(
        VARIANT,
        {
            "training": {"learning_rate": {"choices": ["1e-5", "2e-5"]}},
            "model": {
                "modality_tokens": {"choices": ["2", "8"]},
                "binary_head": {"choices": ["own", "shared"]},
            },
        },
    )
    assert rate.choices == (1e-5, 2e-5)
    assert tokens.choices == (2, 8)
    assert head.choices == ("own", "shared")


def test_a_default_that_is_a_list_can_be_among_the_choices() -> None:
    every, text = ["text", "audio", "vision"], ["text"]
    (modalities,) = ranges(VARIANT, {"model": {"modalities": {"choices": [text, every]}}})
    assert modalities.configured == every
    assert modalities.choices == (text, every)


def test_what_a_member_sets_itself_cannot_be_searched() -> None:
    members = [{}, {"training": {"learning_rate": 0.1}}]
    rates = {"training": {"learning_rate": {"low": 1.0e-5, "high": 1.0e-1, "log": True}}}
    with pytest.raises(InputError, match="a member of the variant sets it itself"):
        ranges(VARIANT | {"members": members}, rates)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"training": {"learning_rate": {"low": 1e-3, "high": 1e-2}}}, "1e-05 is not within"),
        ({"training": {"learning_rate": {"low": 1e-3, "high": 1e-3}}}, "are no range"),
        ({"training": {"learning_rate": {"low": 0.0, "high": 1.0, "log": True}}}, "are no range"),
        ({"training": {"learning_rate": {"low": 1.0}}}, "give either low and high"),
        ({"training": {"layer_decay": {"low": 0.5, "high": 1}}}, "no such setting"),
        ({"model": {"modality_tokens": {"choices": [4, 8]}}}, "2 is not among the choices"),
        ({"loss": {"regression": {"low": 0, "high": 1}}}, "is no number; give choices"),
        ({"model": {"dropout": None}, "loss": {}}, "nothing to search"),
    ],
)
def test_a_space_that_cannot_be_searched_is_named(space: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ranges(VARIANT, space)

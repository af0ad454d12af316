import pandas as pd
import pytest
import torch

from devaflow.encode.states import TokenStates, describe
from devaflow.errors import InputError


@pytest.fixture
def states():
    """Two texts of 3 and 2 tokens, the second of which was cut."""
    index = pd.DataFrame(
        {"text": ["bad", "good"], "start": [0, 3], "length": [3, 2], "cut": [False, True]}
    )
    return TokenStates(torch.arange(20.0).reshape(5, 4).half(), index)


def test_states_survive_their_files(states, tmp_path):
    files = (tmp_path / "t.safetensors", tmp_path / "t.parquet")
    states.write(*files, "CPU, AVX2")
    again = TokenStates.read(*files)
    assert torch.equal(again.states, states.states)
    assert again.index.equals(states.index)
    assert again.hidden == 4
    assert describe(*files) == {
        "hidden": 4,
        "distinct_texts": 2,
        "cut_texts": 1,
        "mean_tokens": 2.5,
        "device": "CPU, AVX2",
    }


def test_an_index_of_an_older_version_is_named_with_the_remedy(states, tmp_path):
    files = (tmp_path / "t.safetensors", tmp_path / "t.parquet")
    TokenStates(states.states, states.index.drop(columns="cut")).write(*files, "CPU")
    with pytest.raises(InputError, match=r"t\.parquet: of an older version; .*--forcerun encode"):
        describe(*files)


def test_a_text_that_was_not_encoded_is_named(states):
    start, length = states.spans(pd.Series(["good", "bad"]))
    assert (start.tolist(), length.tolist()) == ([3, 0], [2, 3])
    with pytest.raises(InputError, match="'ugly'"):
        states.spans(pd.Series(["good", "ugly"]))


@pytest.mark.parametrize("damage", ["garbage behind", "half", "nothing"])
def test_damaged_token_states_are_refused(states, tmp_path, damage):
    files = (tmp_path / "t.safetensors", tmp_path / "t.parquet")
    states.write(*files, "CPU")
    whole = files[0].read_bytes()
    spoilt = {"garbage behind": whole + b"x", "half": whole[: len(whole) // 2], "nothing": b""}
    files[0].write_bytes(spoilt[damage])
    for read in (TokenStates.read, describe):
        with pytest.raises(InputError, match="encode again"):
            read(*files)

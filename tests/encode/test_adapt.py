"""Adapting an encoder, with the packaged MiniLM: a real BERT of six layers."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from devaflow.encode.adapt import adapt, write_adapted
from devaflow.encode.adapted import ADAPTED_FILES, AdaptationSettings
from devaflow.encode.encoder import load, read_head
from devaflow.encode.locate import locate_encoder
from devaflow.errors import InputError

SETTINGS = AdaptationSettings(
    frozen_layers=4, learning_rate=2e-4, head_learning_rate=1e-2, batch_size=8, epochs=4, amp=False
)
GOOD = ["great", "lovely", "superb", "wonderful"]
BAD = ["dull", "awful", "dreadful", "boring"]


@pytest.fixture(scope="module")
def sentences() -> pd.DataFrame:
    words = [(word, 2.0) for word in GOOD] + [(word, -2.0) for word in BAD]
    things = ["film", "plot", "actor", "song", "scene", "book", "cast", "ending", "play", "show"]
    rows = [(f"a {word} {thing}", label) for thing in things for word, label in words]
    return pd.DataFrame(rows, columns=["text", "label"])


@pytest.fixture(scope="module")
def adapted(minilm: Path, sentences: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory):
    found = adapt(minilm, sentences, SETTINGS, "cpu")
    folder = tmp_path_factory.mktemp("adapted") / "rated"
    folder.mkdir()
    write_adapted([folder / name for name in ADAPTED_FILES], found)
    return folder, found.record


def rating(folder: Path, text: str) -> float:
    tokenizer, encoder = load(folder)
    head = read_head(folder)
    with torch.no_grad():
        states = encoder.eval()(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 1:]
    return float(states.mean(0) @ head["weight"][0] + head["bias"][0])


def test_it_rates_words_that_it_was_not_given(adapted: tuple) -> None:
    folder, _ = adapted
    good = [rating(folder, f"what a {word} day") for word in ("splendid", "fantastic")]
    bad = [rating(folder, f"what a {word} day") for word in ("terrible", "horrible")]
    assert min(good) > 0.5 > -0.5 > max(bad)


def test_the_record_says_how_well_held_out_sentences_are_rated(
    adapted: tuple, sentences: pd.DataFrame
) -> None:
    folder, record = adapted
    assert record["held_out"]["sentences"] == 3
    drawn = torch.randperm(len(sentences), generator=torch.Generator().manual_seed(SETTINGS.seed))
    held_out = sentences.iloc[drawn[:3]].itertuples()
    errors = [abs(rating(folder, one.text) - one.label) for one in held_out]
    assert record["held_out"]["mae"] == pytest.approx(sum(errors) / 3, abs=1e-4)
    assert record["held_out"]["mae"] < 1.5, "two would be the error of saying nothing"
    assert record["held_out"]["pearson"] is None, "all three have one label"
    assert record["steps"] == 4 * 10
    assert record["precision"] == "float32"


def test_frozen_layers_and_embeddings_stay_and_the_others_change(
    adapted: tuple, minilm: Path
) -> None:
    before, after = (load(folder)[1] for folder in (minilm, adapted[0]))
    torch.testing.assert_close(before.embeddings.state_dict(), after.embeddings.state_dict())
    changed = [
        not all(map(torch.equal, old.state_dict().values(), new.state_dict().values()))
        for old, new in zip(before.encoder.layer, after.encoder.layer, strict=True)
    ]
    assert changed == [False] * 4 + [True] * 2


def test_what_is_written_is_an_encoder_like_any_other(adapted: tuple) -> None:
    folder, _ = adapted
    assert sorted(path.name for path in folder.iterdir()) == sorted(ADAPTED_FILES)
    spec = {"source": "adapted", "id": str(folder), "max_tokens": 128}
    found = locate_encoder("minilm-rated", spec, Path("unused"))
    assert (found["source"], found["id"], found["hidden_size"]) == ("adapted", "rated", 384)


def test_an_encoder_that_was_not_adapted_has_no_head(minilm: Path) -> None:
    assert read_head(minilm) is None


def test_equal_arguments_give_equal_files(
    minilm: Path, sentences: pd.DataFrame, tmp_path: Path
) -> None:
    """Even where the folder lacks a pooler, which is then drawn at random."""
    poorer = tmp_path / "poorer"
    shutil.copytree(minilm, poorer)
    weights = load_file(poorer / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if "pooler" not in name}
    assert len(kept) < len(weights)
    save_file(kept, poorer / "model.safetensors", metadata={"format": "pt"})
    for name in ("one", "two"):
        found = adapt(poorer, sentences, replace(SETTINGS, epochs=1), "cpu")
        (tmp_path / name).mkdir()
        write_adapted([tmp_path / name / file for file in ADAPTED_FILES], found)
    for file in ADAPTED_FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_who_reads_with_it_is_not_cut_where_the_sentences_were(adapted: tuple) -> None:
    """Nor who reads it without transformers, which sets for every call whether texts are cut."""
    tokenizer = Tokenizer.from_file(str(adapted[0] / "tokenizer.json"))
    assert len(tokenizer.encode("long " * 100).ids) == 102


def test_one_layer_must_be_left_to_train(minilm: Path, sentences: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"adapt\.frozen_layers: 6, but the encoder in .* has 6"):
        adapt(minilm, sentences, replace(SETTINGS, frozen_layers=6), "cpu")


def test_a_loss_that_is_not_finite_says_what_to_lower(
    minilm: Path, sentences: pd.DataFrame
) -> None:
    wild = replace(SETTINGS, learning_rate=1e30, head_learning_rate=1e30, clip_norm=1e30)
    with pytest.raises(InputError, match=r"diverged .* lower adapt\.learning_rate"):
        adapt(minilm, sentences, wild, "cpu")

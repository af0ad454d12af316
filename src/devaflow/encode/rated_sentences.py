"""Sentences whose sentiment people rated, to train an encoder on before the corpus in question."""

import hashlib
import html
import io
import re
import tarfile
import tempfile
from pathlib import Path

import pandas as pd

from devaflow.corpus.clips import LIMIT
from devaflow.corpus.own_table import read_own_table
from devaflow.errors import InputError
from devaflow.files import atomic
from devaflow.packages import download

# Name, version, and the SHA-256 of the source archive.
PACKAGE = (
    "vaderSentiment",
    "3.3.2",
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
)
ARCHIVE = "hutto_ICWSM_2014.tar.gz"
MEMBER = f"vaderSentiment-3.3.2/additional_resources/{ARCHIVE}"
SOURCE = "the source of vaderSentiment 3.3.2"
SHA256 = "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa"
# Of its four parts those that say what somebody thinks of something; the other is newspaper text.
PARTS = ("movieReviewSnippets", "amazonReviewSnippets", "tweets")
HIGHEST = 4.0  # the raters' scale was -4 to 4


def fetch_rated_sentences(path: str | Path) -> None:
    """Keep as `path` the sentences that Hutto and Gilbert had rated (ICWSM 2014).

    Their archive is part of the source of the package vaderSentiment (MIT licence), which is not
    installed. Raises InputError with the remedy where it cannot be had or its checksum is another.
    """
    remedy = (
        f"copy {path} from a machine that has it, give a table of your own with the columns text "
        "and label as encoders.NAME.adapt.sentences, or let the variant read with an encoder that "
        "is not adapted (best on CMU-MOSI: config/unrated.yaml)"
    )
    with tempfile.TemporaryDirectory() as folder:
        what = "the rated sentences"
        source = download(*PACKAGE, source=True, folder=folder, what=what, remedy=remedy)
        with tarfile.open(source) as files:
            stream = files.extractfile(MEMBER) if MEMBER in files.getnames() else None
            content = stream.read() if stream else b""
    _require_tested(content, SOURCE)
    with atomic(path) as partial:
        partial.write_bytes(content)


def read_rated_sentences(path: str | Path, *, lowercase: bool) -> pd.DataFrame:
    """Rated sentences, one row each: text, and label in [-3, 3].

    path: the archive that `fetch_rated_sentences` kept, or a user's own table (CSV or Parquet).
    lowercase: whether transcripts are read in lower case; a cased encoder would learn to rate words
    that it is never given.
    Raises InputError, with the row, for what is no sentence or no such number.
    """
    if Path(path).name == ARCHIVE:
        content = Path(path).read_bytes()
        _require_tested(content, path)
        return parse(content)
    table = _read_table(Path(path))
    return table.assign(text=table["text"].str.lower()) if lowercase else table


def parse(archive: bytes) -> pd.DataFrame:
    """The 18,509 sentences from reviews and tweets in the authors' archive.

    Each text is as a transcript of speech has it; its label is the mean of some twenty raters, from
    -4 to 4 scaled to [-3, 3].
    """
    rows = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for part in PARTS:
            stream = files.extractfile(f"hutto_ICWSM_2014/{part}_GroundTruth.txt")
            assert stream is not None, "the checksum says that it is a file"
            for line in io.TextIOWrapper(stream, encoding="latin-1"):
                _, rating, text = line.rstrip("\r\n").split("\t", 2)
                rows.append((as_spoken(html.unescape(text)), float(rating) * LIMIT / HIGHEST))
    table = pd.DataFrame(rows, columns=["text", "label"])
    return table[table["text"] != ""].reset_index(drop=True)


def as_spoken(text: str) -> str:
    """The words as a transcript of speech has them: lower case, apostrophes the only marks."""
    return " ".join(re.sub(r"[^a-z0-9' ]+", " ", text.lower().replace("''", " ")).split())


def _read_table(path: Path) -> pd.DataFrame:
    table = read_own_table(path, ["text", "label"], ["text"], ["label"])
    text = table["text"].fillna("").astype(str).str.split().str.join(" ")
    label = pd.to_numeric(table["label"], errors="coerce").astype("float64")
    _refuse(path, text == "", text, "text is empty; leave the row out")
    outside = ~(label.abs() <= LIMIT)
    _refuse(path, outside, table["label"], f"label must be a number in [-{LIMIT:g}, {LIMIT:g}]")
    if len(table) < 2:
        raise InputError(f"{path}: {len(table)} rows; give two rated sentences at least")
    return pd.DataFrame({"text": text, "label": label}).reset_index(drop=True)


def _refuse(path: Path, wrong: pd.Series, values: pd.Series, why: str) -> None:
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        raise InputError(f"{path}, row {wrong.index[place]}: {values.iloc[place]!r}: {why}")


def _require_tested(archive: bytes, where: str | Path) -> None:
    """Raise InputError for another archive than the tested one."""
    if (found := hashlib.sha256(archive).hexdigest()) != SHA256:
        raise InputError(
            f"{where}: the rated sentences have the sha256 {found}, not {SHA256}: this version "
            "was tested with others; nothing was kept; delete the file where there is one, and it "
            "is fetched again"
        )

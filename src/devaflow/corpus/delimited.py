"""Tables with commas, semicolons or tabs between the cells, in whatever shape Excel leaves them."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from devaflow.errors import InputError

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# A letter beyond ASCII as UTF-8 writes it. In Windows-1252 the same bytes are letters and marks
# that may well meet: the end of „Spaß“ is one letter of UTF-8.
UTF_8_LETTER = rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
BEYOND_ASCII = rb"[\x80-\xff]"
NOT_IN_WINDOWS_1252 = rb"[\x81\x8d\x8f\x90\x9d]"
# In Windows-1252: letters, quotes, dashes and the signs that are most often written in western
# Europe. Of the bytes of Chinese encodings a third or more are others.
WESTERN = (
    rb"[\xc0-\xd6\xd8-\xf6\xf8-\xff\x8a\x8c\x8e\x9a\x9c\x9e\x9f"
    rb"\x80\x84\x85\x91-\x97\x99\xa0\xa1\xa3\xa7\xa9\xab\xae\xb0\xb4\xbb\xbd\xbf]"
)
FEW = 6  # bytes beyond ASCII, which may all be other signs: a price, a power, an ordinal
# How programs write that a value is absent; the last two are Excel's, in English and in German.
ABSENT = ("", "nan", "na", "#n/a", "#nv")
# By this line before the header Excel is told the delimiter.
DELIMITER_LINE = r"(?i)sep=([,;|:\t])\s*$"


class Delimited(NamedTuple):
    """A table: the names of its columns, its rows as (number, column -> text), its decimal mark.

    A comma is the mark where it does not separate the cells; there, 1,000 would be a thousand.
    """

    columns: list[str]
    rows: Iterator[tuple[int, dict[str, str]]]
    mark: str


def read_delimited(
    path: str | Path, *, only: Collection[str] | None = None, skipinitialspace: bool = False
) -> Delimited:
    """Read a table with commas, semicolons or tabs between its cells.

    UTF-8 with or without a byte-order mark, UTF-16 with one, or Windows-1252, whose letters are
    those of western Europe (words of other scripts would be long rows of accents). Rows are
    numbered as in the file, from 1; blank ones are left out, as are columns that have neither name
    nor value.
    only: the columns wanted in the rows; None for all, and then each with a value needs a name.
    skipinitialspace: whether blanks after a delimiter are left out.

    Raises InputError, with the line or row, for bytes that are no text, quotes that do not match,
    a name that stands twice and a row of another length; OSError for a file that cannot be read.
    """
    text = _decoded(Path(path))
    delimiter, explicit = _delimiter(text)
    filled = _filled(path, text, delimiter, skipinitialspace)
    if explicit:
        next(filled)
    header = [name.strip() for name in next(filled, (0, []))[1]]
    columns = [name for name in header if name]
    for name, times in Counter(columns).items():
        if times > 1:
            raise InputError(f"{path}: the column {name!r} stands twice in the header; keep one")
    rows = _rows(path, header, filled, delimiter, only)
    return Delimited(columns, rows, "." if delimiter == "," else ",")


def read_columns(
    path: str | Path, text: Collection[str], numbers: Collection[str], **options: bool
) -> tuple[list[str], pd.DataFrame]:
    """Names of all columns; and those of `text` and `numbers` that are there, as text.

    The index has the rows' numbers in the file; in `numbers` decimals have a point, and a minus is
    a hyphen. options, and what is raised: as of `read_delimited`.
    """
    columns, rows, mark = read_delimited(path, only={*text, *numbers}, **options)
    numbered = dict(rows)
    present = [name for name in columns if name in {*text, *numbers}]
    table = pd.DataFrame(numbered.values(), columns=present, index=list(numbered), dtype="str")
    decimals = [name for name in present if name in numbers]
    table[decimals] = table[decimals].map(lambda cell: _plain(cell, mark))
    return columns, table


def decimal(text: str, mark: str) -> float:
    """A plain number, with a point or the mark of its table; ValueError for anything else."""
    plain = _plain(text, mark)
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", plain, re.ASCII):
        raise ValueError(text)
    return float(plain)


def _plain(text: str, mark: str) -> str:
    return text.replace("\N{MINUS SIGN}", "-").replace(mark, ".")


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    try:
        return content.decode(marked or "utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
    if marked or not _is_windows_1252(content):
        encoding = "UTF-16" if marked == "utf-16" else "UTF-8"
        raise InputError(f"{path}: line {line} is not {encoding} text; save the table as UTF-8")
    return content.decode("cp1252")


def _is_windows_1252(content: bytes) -> bool:
    """Whether text that is not UTF-8 is what Excel saves as "CSV" in western Europe, and neither
    UTF-8 with a fault nor in another script's encoding.
    """
    rest, letters = re.subn(UTF_8_LETTER, b"", content)
    strays = len(re.findall(BEYOND_ASCII, rest))
    words = sum(map(len, re.findall(BEYOND_ASCII + b"{4,}", content)))
    other_script = words > len(re.findall(BEYOND_ASCII, content)) / 2
    other_script |= strays > FEW and len(re.findall(WESTERN, rest)) < 0.8 * strays
    return letters <= strays and not other_script and not re.search(NOT_IN_WINDOWS_1252, content)


def _delimiter(text: str) -> tuple[str, bool]:
    """What separates the cells, and whether a line before the header says so."""
    line = re.search(r'[^\r\n]*[^\s,;"][^\r\n]*', text)
    first = line[0] if line else text
    told = re.match(DELIMITER_LINE, first)
    return (told[1], True) if told else (max(",;\t", key=first.count), False)


def _filled(
    path: str | Path, text: str, delimiter: str, skipinitialspace: bool
) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank: number, cells."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=skipinitialspace,
        strict=True,
    )
    try:
        for number, cells in enumerate(reader, start=1):
            if any(map(str.strip, cells)):
                yield number, cells
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: {error}; mend the quotes") from None


def _rows(
    path: str | Path,
    header: list[str],
    filled: Iterable[tuple[int, list[str]]],
    delimiter: str,
    only: Collection[str] | None,
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by the names of their columns; what has no name may be cut off at the end."""
    named = {name: i for i, name in enumerate(header) if name}
    nameless = [i for i, name in enumerate(header) if not name]
    kept = {name: i for name, i in named.items() if only is None or name in only}
    last = max(named.values(), default=0)
    for number, cells in filled:
        where = f"{path}: row {number}"
        if len(cells) > len(header):
            raise InputError(
                f"{where} has {len(cells)} fields, the header has {len(header)}; put quotes around "
                f"a text that holds {delimiter!r}, or remove the last ones"
            )
        if len(cells) <= last:
            raise InputError(
                f"{where} has {len(cells)} fields, the header has {len(header)}; write "
                f"{delimiter!r} beside an empty cell, too"
            )
        stray = "".join(cells[i] for i in nameless if i < len(cells)).strip()
        if stray and only is None:
            raise InputError(
                f"{where} has {stray!r} in a column without a name; name the column or remove it"
            )
        yield number, {name: cells[i] for name, i in kept.items()}

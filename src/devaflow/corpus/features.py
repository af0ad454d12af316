"""A user's own table of features: one row a segment, checked before anything is made of it."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from devaflow.corpus.clips import KEY, USABLE
from devaflow.corpus.delimited import ABSENT, decimal
from devaflow.corpus.index import alike
from devaflow.corpus.own_table import read_own_table
from devaflow.errors import InputError
from devaflow.jobs import announce, log

# What a table may say of its rows: those that this workflow makes do.
TOLD = ["status", "reason"]
NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")


def read_features(
    path: str | Path,
    segments: Sequence[Sequence[str]],
    columns: Mapping[str, Sequence[str]],
    statuses: Collection[str] = USABLE,
    blanks: bool = False,
) -> pd.DataFrame:
    """Read non-negative values for `segments` from a CSV or Parquet table.

    segments: video_id and clip_id of each.
    columns: for each value its name in the result and the names it may bear in the file.
    statuses: what the file's column `status` may say, if it has one; nothing there is ok.
    blanks: whether a value may be absent (it becomes NaN) though the segment's status is usable.
    Returns one row a segment, in the order of `segments`: video_id, clip_id, status (missing where
    the file lacks the segment; its values are NaN), reason, then the values as float64.
    A CSV table may be in any shape that `read_delimited` knows, as label.csv.
    Raises InputError for a missing column, a key that stands twice, a value that is no number, an
    unknown status, and for a table that has none of the segments.
    """
    values_of = {*chain(*columns.values())}
    table = read_own_table(path, KEY, [*KEY, *TOLD], values_of, skipinitialspace=True)
    table = _with_text_keys(table, path)
    told = _told(table, statuses, path)
    optional = blanks | ~told["status"].isin(USABLE)
    values = {name: _numbers(table, names, path, optional) for name, names in columns.items()}
    keys = pd.MultiIndex.from_frame(table[KEY])
    _refuse_duplicates(keys, table.index, path)
    wanted = pd.MultiIndex.from_frame(pd.DataFrame(list(segments), columns=KEY, dtype="str"))
    _require_matches(keys, wanted, path)
    found = told.assign(**values).set_index(keys).reindex(wanted)
    absent = {"status": "missing", "reason": f"no row in {Path(path).name}"}
    return found.fillna(absent).reset_index()


def _with_text_keys(table: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    for column in KEY:
        kind = pd.api.types.infer_dtype(table[column])
        if kind not in ("string", "integer", "empty"):
            raise InputError(f"{path}: column {column!r} holds {kind} values; store ids as text")
        table[column] = table[column].astype(str).fillna("").str.strip()
    blank = table[KEY] == ""
    half = table.index[blank.any(axis=1) & ~blank.all(axis=1)]
    if len(half):
        raise InputError(
            f"{path}, row {half[0]}: only one of {' and '.join(KEY)} is there; give both"
        )
    return table[~blank.all(axis=1)]


def _told(table: pd.DataFrame, statuses: Collection[str], path: str | Path) -> pd.DataFrame:
    told = pd.DataFrame("", index=table.index, columns=TOLD)
    for column in set(TOLD) & set(table):
        told[column] = table[column].astype(str).fillna("").str.strip()
    told["status"] = told["status"].mask(told["status"].str.lower().isin(ABSENT), "ok")
    wrong = ~told["status"].isin(statuses).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{_place(path, table, row)}: status is {told['status'].iloc[row]!r}; write one of "
            f"{', '.join(statuses)}, or leave the column out"
        )
    return told


def _place(path: str | Path, table: pd.DataFrame, row: int) -> str:
    return f"{path}, row {table.index[row]} ({', '.join(table[KEY].iloc[row])})"


def _numbers(
    table: pd.DataFrame, names: Sequence[str], path: str | Path, optional: pd.Series
) -> pd.Series:
    present = [name for name in names if name in table]
    if len(present) != 1:
        problem, remedy = ("several columns", "keep one") if present else ("no column", "add it")
        raise InputError(f"{path}: {problem} {' / '.join(names)}; {remedy}")
    raw = table[present[0]].astype(object)
    kind = pd.api.types.infer_dtype(raw)
    if kind not in (*NUMBERS, "string", "empty"):
        raise InputError(f"{path}: column {present[0]!r} holds {kind} values; store it as numbers")
    cells = raw.map(_number, na_action="ignore") if kind == "string" else raw
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    blank = raw.isna() | raw.astype(str).str.strip().str.lower().isin(ABSENT)
    missing = (blank & optional).to_numpy()
    wrong = (~np.isfinite(numbers.to_numpy()) & ~missing) | (numbers.to_numpy() < 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{_place(path, table, row)}: {present[0]} is {raw.iloc[row]!r}; it must be a number, "
            "0 or more"
        )
    return numbers


def _number(text: str) -> float:
    try:
        return decimal(text.strip(), ".")
    except ValueError:
        return np.nan


def _require_matches(keys: pd.MultiIndex, wanted: pd.MultiIndex, path: str | Path) -> None:
    """Say what does not match; refuse a table that has none of the wanted segments."""
    unmatched, lacking = keys[~keys.isin(wanted)], wanted[~wanted.isin(keys)]
    remedy = "write video_id and clip_id as label.csv does"
    if nearly := _plain(unmatched) & _plain(lacking):
        remedy = (
            f"{len(nearly)} segments differ from those of the corpus only in zeros in front of an "
            "id, in the case of letters or in how accents are encoded; write ids as in label.csv, "
            "and store them as text"
        )
        announce(f"{path}: {remedy}")
    elif 0 < len(lacking) < len(wanted):
        announce(f"{path}: no row of {len(lacking)} of {len(wanted)} segments, e.g. {lacking[0]}")
    if len(unmatched):
        log.info("%s: %d rows are of no segment of the corpus: ignored", path, len(unmatched))
    if len(wanted) and len(lacking) == len(wanted):
        has = f"its first row is of {keys[0]}" if len(keys) else "it has no rows"
        raise InputError(
            f"{path}: no row is of a segment of the corpus; {has}, the corpus begins with "
            f"{wanted[0]}; {remedy}"
        )


def _plain(keys: pd.MultiIndex) -> set[tuple[str, ...]]:
    """Ids without what a spreadsheet, or a list of files, may have changed in them."""
    return {tuple(map(alike, key)) for key in keys}


def _refuse_duplicates(keys: pd.MultiIndex, numbers: pd.Index, path: str | Path) -> None:
    again = keys.duplicated()
    if again.any():
        row = int(np.argmax(again))
        raise InputError(
            f"{path}, row {numbers[row]}: the segment {keys[row]} stands twice; keep one row"
        )

"""A user's own table of features: one row a segment, checked before anything is made of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow import parquet

from devaflow.corpus.clips import KEY
from devaflow.errors import InputError
from devaflow.jobs import log

# Far beyond any corpus: a Parquet file of some kilobytes can declare any number of cells.
MOST_CELLS = 10**8
MOST_BYTES = 2 * 1024**3


def read_features(
    path: str | Path,
    segments: Sequence[tuple[str, str]],
    columns: Mapping[str, Sequence[str]],
    blanks: bool = False,
) -> pd.DataFrame:
    """Read non-negative values for `segments` from a CSV or Parquet table.

    columns: for each value its name in the result and the names it may bear in the file.
    blanks: whether a value may be absent (it becomes NaN).
    Returns one row a segment, in the order of `segments`: video_id, clip_id, found (False where
    the file lacks the segment; its values are NaN), then the values as float64.
    Raises InputError for a missing column, a key that stands twice, a value that is no number, and
    for a table that has none of the segments.
    """
    table = _with_text_keys(_read(Path(path)), path)
    values = pd.DataFrame(
        {name: _numbers(table, names, path, blanks) for name, names in columns.items()}
    )
    keys = pd.MultiIndex.from_frame(table[KEY])
    _refuse_duplicates(keys, path)
    wanted = pd.MultiIndex.from_frame(pd.DataFrame(list(segments), columns=KEY, dtype="str"))
    strangers = int((~keys.isin(wanted)).sum())
    if strangers:
        log.info("%s: %d rows of segments that the corpus does not have: ignored", path, strangers)
    found = values.set_index(keys).reindex(wanted)
    found.insert(0, "found", wanted.isin(keys))
    if len(wanted) and not found["found"].any():
        has = f"its first row is of {keys[0]}" if len(keys) else "it has no rows"
        raise InputError(
            f"{path}: no row is of a segment of the corpus; {has}, the corpus begins with "
            f"{wanted[0]}; write video_id and clip_id as label.csv does"
        )
    return found.reset_index()


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            _require_bounded(path)
            table = pd.read_parquet(path)
            return table.reset_index() if set(KEY) <= set(table.index.names) else table
        # Everything as text: pandas would turn the id "007" into 7 and "NaN" into nothing. Nothing
        # is decompressed: a table in memory is then no larger than its file lets one expect.
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, skipinitialspace=True, compression=None
        )
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the path of a CSV or Parquet table") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: not a CSV or Parquet table ({error})") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for names
        raise InputError(
            f"{path}: the rows have more fields than the header; remove the commas at their ends"
        )
    return table


def _require_bounded(path: Path) -> None:
    """Refuse a Parquet table that says itself that it would fill the memory."""
    told = parquet.read_metadata(path)
    size = sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups))
    if told.num_rows * told.num_columns > MOST_CELLS or size > MOST_BYTES:
        raise InputError(
            f"{path}: {told.num_rows} rows of {told.num_columns} columns ({size} bytes); leave the "
            f"rows of other corpora and all other columns out (at most {MOST_CELLS} cells and "
            f"{MOST_BYTES} bytes are read)"
        )


def _with_text_keys(table: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    table.columns = table.columns.str.strip()
    again = table.columns[table.columns.duplicated()]
    if len(again):
        raise InputError(f"{path}: the column {again[0]!r} stands twice in the header; keep one")
    for column in KEY:
        if column not in table:
            raise InputError(f"{path}: no column {column!r}; it has {', '.join(table.columns)}")
        kind = pd.api.types.infer_dtype(table[column])
        if kind not in ("string", "integer", "empty"):
            raise InputError(f"{path}: column {column!r} holds {kind} values; store ids as text")
        table[column] = table[column].astype(str)
    return table


def _numbers(
    table: pd.DataFrame, names: Sequence[str], path: str | Path, blanks: bool
) -> pd.Series:
    present = [name for name in names if name in table]
    if len(present) != 1:
        problem = "no column" if not present else "more than one of the columns"
        raise InputError(f"{path}: {problem} {' / '.join(names)}; keep exactly one of them")
    raw = table[present[0]]
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    blank = raw.isna() | raw.astype(str).str.strip().str.lower().isin(["", "nan", "na"])
    missing = blank.to_numpy() if blanks else np.zeros(len(raw), dtype=bool)
    wrong = (~np.isfinite(numbers.to_numpy()) & ~missing) | (numbers.to_numpy() < 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{path}, data row {row + 1} ({table['video_id'].iloc[row]}, "
            f"{table['clip_id'].iloc[row]}): {present[0]} is {raw.iloc[row]!r}; "
            f"it must be a number, 0 or more"
        )
    return numbers


def _refuse_duplicates(keys: pd.MultiIndex, path: str | Path) -> None:
    again = keys.duplicated()
    if again.any():
        row = int(np.argmax(again))
        raise InputError(
            f"{path}, data row {row + 1}: the segment {keys[row]} stands twice; keep one row"
        )

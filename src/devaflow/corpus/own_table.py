"""A table that a user made, CSV or Parquet, read with no more trust than its rows need."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd
from pyarrow import parquet

from devaflow.corpus.delimited import read_columns
from devaflow.errors import InputError

# Far beyond any corpus: a Parquet file of some kilobytes can declare any number of cells.
MOST_CELLS = 10**8
MOST_BYTES = 2 * 1024**3


def read_own_table(
    path: str | Path,
    required: Sequence[str],
    text: Collection[str],
    numbers: Collection[str],
    **options: bool,
) -> pd.DataFrame:
    """Read a user's table: the columns `required`, and others; its index numbers the rows.

    Of a CSV table (text, numbers, options: as for `read_columns`) all cells are text, and only
    what is named is read; rows are numbered as in the file. A Parquet table has its own types and
    all its columns, those in front of `required` too if it is indexed by these; its rows are
    numbered from 1. The names of columns have no blanks around them.
    Raises InputError for what is no such table, a Parquet table that would fill the memory, a
    column that stands twice or a required one that is missing.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".parquet":
            table = _read_parquet(path, required)
            columns = list(table.columns)
        else:
            # Nothing is decompressed: in memory it is no larger than its file lets one expect.
            columns, table = read_columns(path, text, numbers, **options)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the path of a CSV or Parquet table") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: not a CSV or Parquet table ({error})") from error
    for column in required:
        if column not in columns:
            raise InputError(
                f"{path}: no column {column!r}; it has {', '.join(columns) or 'no header'}"
            )
    return table


def _read_parquet(path: Path, index: Collection[str]) -> pd.DataFrame:
    _require_bounded(path)
    table = pd.read_parquet(path)
    if set(index) <= set(table.index.names):
        table = table.reset_index()
    # A table of an array has numbers for names.
    table.columns = [str(name).strip() for name in table.columns]
    again = table.columns[table.columns.duplicated()]
    if len(again):
        raise InputError(f"{path}: the column {again[0]!r} stands twice; keep one")
    return table.set_axis(range(1, len(table) + 1))


def _require_bounded(path: Path) -> None:
    """Refuse a Parquet table that says itself that it would fill the memory."""
    told = parquet.read_metadata(path)
    size = sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups))
    if told.num_rows * told.num_columns > MOST_CELLS or size > MOST_BYTES:
        raise InputError(
            f"{path}: {told.num_rows} rows of {told.num_columns} columns ({size} bytes); leave out "
            f"the rows and columns that are not needed (at most {MOST_CELLS} cells and "
            f"{MOST_BYTES} bytes are read)"
        )

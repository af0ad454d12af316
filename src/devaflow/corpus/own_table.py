"""A table that a user made, CSV or Parquet, read with no more trust than its rows need."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import compute, parquet, types

from devaflow.corpus.delimited import read_columns
from devaflow.errors import InputError

# Far beyond any corpus: a Parquet file of some kilobytes can declare any number of cells.
MOST_CELLS = 10**7
MOST_BYTES = 256 * 1024**2


def read_own_table(
    path: str | Path,
    required: Sequence[str],
    text: Collection[str],
    numbers: Collection[str],
    **options: bool,
) -> pd.DataFrame:
    """Read a user's table: the columns `required`, and others; its index numbers the rows.

    Only what is named is read. Of a CSV table (text, numbers, options: as for `read_columns`) all
    cells are text, and rows are numbered as in the file. A Parquet table has its own types, and
    what it is indexed by are columns like others; its rows are numbered from 1. The names of
    columns have no blanks around them.
    Raises InputError for what is no such table, a Parquet table that would fill the memory, a
    column that stands twice or a required one that is missing.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".parquet":
            columns, table = _read_parquet(path, {*required, *text, *numbers})
        else:
            # Nothing is decompressed: in memory it is no larger than its file lets one expect.
            columns, table = read_columns(path, text, numbers, **options)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the path of a CSV or Parquet table") from None
    except (ValueError, OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path}: not a CSV or Parquet table that can be read ({error}); save it anew"
        ) from error
    for column in required:
        if column not in columns:
            raise InputError(
                f"{path}: no column {column!r}; it has {', '.join(columns) or 'no header'}"
            )
    return table


def _read_parquet(path: Path, wanted: Collection[str]) -> tuple[list[str], pd.DataFrame]:
    """Names of all columns; and those of `wanted` that are there, if the memory will hold them."""
    stored = parquet.read_schema(path)
    columns = [name.strip() for name in stored.names]
    for name, times in Counter(columns).items():
        if times > 1:
            raise InputError(f"{path}: the column {name!r} stands twice; keep one")
    named = [name for name in stored.names if name.strip() in wanted]
    # pyarrow takes a name for the beginning of others, too: with x it reads x.y.
    beginnings = tuple(f"{name}." for name in named)
    for field in stored:
        if f"{field.name}.".startswith(beginnings):
            _require_flat(path, field)
    schema = pa.schema([(name, _cells(stored.field(name))) for name in named])
    texts = [field.name for field in stored if _is_text(field)]
    table = pa.Table.from_batches(_batches(path, schema, texts), schema)
    frame = table.to_pandas(integer_object_nulls=True).rename(columns=str.strip)
    return columns, frame.set_axis(range(1, len(frame) + 1))


def _cells(field: pa.Field) -> pa.DataType:
    """The type of a column's cells, however they are stored."""
    return field.type.value_type if types.is_dictionary(field.type) else field.type


def _is_text(field: pa.Field) -> bool:
    return types.is_string(_cells(field)) or types.is_large_string(_cells(field))


def _require_flat(path: Path, field: pa.Field) -> None:
    """Refuse cells that can hold any number of values."""
    kind = _cells(field)
    flat = types.is_primitive(kind) or types.is_decimal(kind) or types.is_null(kind)
    if not (flat or _is_text(field)):
        raise InputError(
            f"{path}: column {field.name!r} holds {kind} values; store it as text or as numbers"
        )


def _batches(path: Path, schema: pa.Schema, texts: list[str]) -> Iterator[pa.RecordBatch]:
    """The columns of `schema`, some rows at a time, as long as they are not too many or too large.

    A file says how large its pages are, but a page holds a value of a million rows once. So does
    a batch of what is read as a dictionary, the columns `texts`.
    """
    with parquet.ParquetFile(path, read_dictionary=texts) as file:
        told, names = file.metadata, schema.names
        groups = map(told.row_group, range(told.num_row_groups))
        chunks = (group.column(i) for group in groups for i in range(told.num_columns))
        named = (chunk for chunk in chunks if chunk.path_in_schema in names)
        size = sum(chunk.total_uncompressed_size for chunk in named)
        _require_bounded(path, told.num_rows, len(names), size)
        rows = size = 0
        for batch in file.iter_batches(columns=names):
            rows += len(batch)
            size += sum(map(_size, batch.columns))
            _require_bounded(path, rows, len(names), size)
            yield batch.select(names).cast(schema)


def _size(column: pa.Array) -> int:
    """Bytes of the cells of a column, each by itself."""
    if not types.is_dictionary(column.type):
        return column.nbytes
    lengths = compute.binary_length(column.dictionary)
    return compute.sum(lengths.take(column.indices)).as_py() or 0


def _require_bounded(path: Path, rows: int, columns: int, size: int) -> None:
    if rows * columns > MOST_CELLS or size > MOST_BYTES:
        raise InputError(
            f"{path}: {rows} rows of {columns} columns ({size} bytes) or more; leave out the "
            f"rows that are not needed (at most {MOST_CELLS} cells and {MOST_BYTES} bytes are read)"
        )

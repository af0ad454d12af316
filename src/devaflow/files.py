"""Reading and writing files so that nothing half-written is ever taken for finished."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from devaflow.errors import InputError

# How the names of unfinished files begin.
PARTIAL = ".part."


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; move it to `path` when the block ends well.

    When the block raises, the temporary file is removed and `path` is left as it was. A process
    that is killed leaves it behind, for `remove_partial`. What was written is on the disk before
    it is moved: errors that the system reports late (network disks, quotas) are raised here, and
    no name ever stands for less than the whole, not even after a power failure.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f"{PARTIAL}{path.stem[:80]}.", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())
        with open(partial, "rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def remove_partial(folder: str | Path) -> None:
    """Remove what killed processes left unfinished below `folder`, where nothing else works."""
    for partial in list(Path(folder).rglob(f"{PARTIAL}*")):
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)


def require_space(folder: str | Path, size: int) -> None:
    """Raise InputError where `size` more bytes cannot be written to the scratch `folder`."""
    probe = Path(folder) / "probe"
    try:
        probe.write_bytes(bytes(size))
    except OSError as error:
        raise InputError(
            f"{Path(folder).parent}: scratch files cannot be written there ({error.strerror}); "
            "free some space or set TMPDIR to another folder, then run again"
        ) from None
    finally:
        probe.unlink(missing_ok=True)


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as indented JSON with a final newline; NaN is refused (ValueError)."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: str | Path, text: str) -> None:
    """Write `text` in UTF-8."""
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, without its index."""
    with atomic(path) as partial:
        table.to_parquet(partial, index=False)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet table."""
    return pd.read_parquet(path)


def sizes(paths: Iterable[str | Path]) -> list[int]:
    """The size of each file, in bytes.

    As a parameter of a job, they run it again when a file is replaced by an older one, such as a
    clip unpacked from an archive again; Snakemake itself sees a newer one. Dates as a parameter
    would run everything again in each copy of a project.
    """
    return [os.stat(path).st_size for path in paths]


def sha256(path: str | Path) -> str:
    """The SHA-256 checksum of a file's content, as 64 hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

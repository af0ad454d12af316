"""What every job of the workflow does alike: its log file, and its progress on a terminal."""

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

from devaflow.errors import InputError

Item = TypeVar("Item")
log = logging.getLogger("devaflow")


@contextmanager
def logged(path: str) -> Iterator[None]:
    """Send standard output and standard error to the log file `path` while the block runs.

    The redirection is one of file descriptors, because MediaPipe, openSMILE and ffmpeg write past
    Python. An exception's traceback goes to the log and then on; its last line goes to the
    original standard error, so that the terminal says what happened without opening the log.
    """
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    terminal_out, terminal_err = os.dup(1), os.dup(2)
    os.environ["DEVAFLOW_TERMINAL"] = str(terminal_err)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        with open(path, "w", encoding="utf-8") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        yield
    except Exception as error:
        log.exception("the job failed")
        os.write(terminal_err, f"{type(error).__name__}: {error}\n(log: {path})\n".encode())
        # An error of the user's making needs no stack of ours on the terminal.
        raise SystemExit(1) if isinstance(error, InputError) else error
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(terminal_out, 1)
        os.dup2(terminal_err, 2)
        os.close(terminal_out)
        os.close(terminal_err)
        log.removeHandler(handler)
        os.environ.pop("DEVAFLOW_TERMINAL", None)


def progress(
    items: Iterable[Item], what: str, unit: str, total: int | None = None
) -> Iterable[Item]:
    """Go through `items` with a progress bar where standard error is a terminal, quietly elsewhere."""
    descriptor = int(os.environ.get("DEVAFLOW_TERMINAL", 2))
    if not os.isatty(descriptor):
        return items
    terminal = os.fdopen(os.dup(descriptor), "w")
    return tqdm(items, desc=what, unit=f" {unit}", total=total, file=terminal, leave=False)

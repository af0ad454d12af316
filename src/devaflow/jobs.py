"""What every job of the workflow does alike: its log file, its progress, and when it ends."""

import ctypes
import logging
import os
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from tqdm import tqdm

from devaflow.locks import hold_job

PR_SET_PDEATHSIG = 1
INVISIBLE = ("Cc", "Cf")  # Unicode's categories of control and of format characters

Item = TypeVar("Item")
log = logging.getLogger("devaflow")
terminal: ContextVar[int] = ContextVar("terminal", default=2)


@contextmanager
def logged(path: str) -> Iterator[None]:
    """Send standard output and standard error to the log file `path` while the block runs.

    The redirection is one of file descriptors, because MediaPipe, openSMILE and ffmpeg write past
    Python. An exception ends the process with status 1: its traceback goes to the log, its last
    line to the original standard error, so that the terminal says what happened. The process
    ends with the one that started it, and a later run knows of it as long as it lives.
    """
    end_with_parent()
    hold_job()
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    out, err = os.dup(1), os.dup(2)
    token = terminal.set(err)
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
        os.write(err, shown(f"{type(error).__name__}: {error}\n(log: {path})\n").encode())
        raise SystemExit(1) from None
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        terminal.reset(token)
        log.removeHandler(handler)


def end_with_parent() -> None:
    """Have the kernel (Linux) kill this process when the one that started it ends in any way.

    A process that is killed outright cannot stop what it has started.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def announce(text: str) -> None:
    """Write `text` to the log and to the standard error that the job was started with."""
    print(shown(text), flush=True)
    os.write(terminal.get(), f"{shown(text)}\n".encode())


def shown(text: str) -> str:
    """A text that can be written on a terminal and does nothing to it.

    Bytes in the name of a file that are no UTF-8, and characters that steer a terminal or turn the
    direction of writing, become \\xNN or \\uNNNN; line breaks stay.
    """
    text = text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in INVISIBLE:
        return character
    return character.encode("unicode_escape").decode()


def progress(items: Iterable[Item], what: str, unit: str) -> Iterable[Item]:
    """Go through `items`, with a progress bar where the job was started on a terminal."""
    return tqdm(items, **_bar(what, unit))


@contextmanager
def counter(what: str, unit: str, total: int) -> Iterator[Callable[[], object]]:
    """Give a function that counts one of `total`, with a progress bar as `progress` shows it."""
    with tqdm(total=total, **_bar(what, unit)) as bar:
        yield bar.update


def _bar(what: str, unit: str) -> dict[str, Any]:
    if not os.isatty(terminal.get()):
        return {"disable": True}
    screen = os.fdopen(os.dup(terminal.get()), "w")
    return {"desc": what, "unit": f" {unit}", "file": screen, "leave": False}

"""One run at a time in a folder of results, also after a run that was killed.

The locks are those of flock(2): the kernel drops them with the process that holds them, however
it ends, so that none has to be removed by hand. They are no regular outputs: two empty files.
"""

import contextlib
import fcntl
import os
import sys
from pathlib import Path

from devaflow.errors import InputError

RESULTS = Path("results")
RUN = ".run.lock"
JOBS = ".jobs.lock"


def hold_run(results: Path = RESULTS) -> bool:
    """Claim the folder `results` for this process until it ends.

    Where jobs of a killed run still work there, wait for their end. Raises InputError where
    another run has the folder, or where this one cannot write there. Returns True where this
    process works there alone; False on a file system without locks, where that cannot be known (it
    is said on standard error).
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        run, jobs = _opened(results / RUN), _opened(results / JOBS)
    except OSError as error:
        raise InputError(
            f"{results.absolute()}: this run cannot write there ({error.strerror}); allow it, or "
            "run in another folder with --directory"
        ) from None
    try:
        if not _taken(run, fcntl.LOCK_EX):
            raise InputError(
                f"{results.absolute()}: another run works here; wait until it has ended, or run in "
                "another folder with --directory"
            )
        if not _taken(jobs, fcntl.LOCK_EX):
            _say("waiting for the jobs that a killed run left behind (end them to go on at once)")
            fcntl.flock(jobs, fcntl.LOCK_EX)
    except OSError as error:
        _say(f"no locks on this file system ({error.strerror}): start no second run here")
        return False
    finally:
        os.close(jobs)
    return True


def hold_job(results: Path = RESULTS) -> None:
    """Let a run that starts later know of this process until it ends; without a run, do nothing."""
    if (results / JOBS).exists():
        jobs = _opened(results / JOBS)
        with contextlib.suppress(OSError):  # no locks: the run has said so
            _taken(jobs, fcntl.LOCK_SH)


def _opened(path: Path) -> int:
    # A bare descriptor stays open; programs that this process starts do not inherit it.
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def _taken(descriptor: int, kind: int) -> bool:
    """Take a lock without waiting; False where another process has it, OSError where none can."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

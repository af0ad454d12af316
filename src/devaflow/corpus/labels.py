"""label.csv: what its columns may hold, checked row by row."""

import difflib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jsonschema import Draft202012Validator

from devaflow.corpus.delimited import ABSENT, decimal, read_delimited
from devaflow.errors import InputError
from devaflow.schemas import explain

SCORES = ("label", "label_T", "label_A", "label_V")
TIMES = ("start", "end")
VALIDATION = ("val", "validation", "dev")
# What other corpora call the column mode.
MODE = ("split", "set")
SHOWN_ERRORS = 5
SCALE_SEEN = 20  # labels other than 0, of which some would lie beyond 1 on the scale of MOSI
CLASSES = 3  # so few values are no ratings


@dataclass(frozen=True)
class Segment:
    """One labelled utterance: a row of label.csv. Scores lie in [-3, 3]; None where left empty.

    start, end: where it lies in the recording of its whole video, in seconds; None where unknown.
    """

    video_id: str
    clip_id: str
    text: str
    label: float | None
    label_T: float | None = None  # noqa: N815 - MOSI's own column names
    label_A: float | None = None  # noqa: N815
    label_V: float | None = None  # noqa: N815
    annotation: str = ""
    mode: str = ""
    start: float | None = None
    end: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What names a segment everywhere: its two ids, never glued."""
        return self.video_id, self.clip_id


def read_labels(path: str | Path, schema: Draft202012Validator) -> list[Segment]:
    """Read and check label.csv (MOSI's columns and two of times, in any order).

    It may be in any shape that `read_delimited` knows. Ids and text stay as they are written
    ("007", "1e5" and "NaN" are ids like any other).

    Raises InputError that names the file, the rows and the remedy.
    """
    path = Path(path)
    rows = _rows(path, schema)
    if not rows:
        raise InputError(f"{path}: no segments; it needs a header and one row for each segment")
    problems = _refused(rows, schema) + _impossible(rows) + _duplicates(rows)
    if problems:
        more = len(problems) - SHOWN_ERRORS
        listed = "\n  ".join(problems[:SHOWN_ERRORS]) + (f"\n  and {more} more" if more > 0 else "")
        raise InputError(f"{path}: correct these rows:\n  {listed}")
    return [Segment(**row) for _, row in rows]


def segment_table(segments: list[Segment]) -> pd.DataFrame:
    """The segments as a table, one row each, in the order of label.csv; empty scores are NaN."""
    table = pd.DataFrame([asdict(segment) for segment in segments])
    return table.astype(dict.fromkeys((*SCORES, *TIMES), "float64"))


def doubted_scale(path: str | Path, segments: list[Segment]) -> str:
    """A sentence for labels that seem to be of a scale with other ends or no middle, or classes."""
    labels = [segment.label for segment in segments if segment.label]
    if len(labels) < SCALE_SEEN:
        return ""
    values = {segment.label for segment in segments if segment.label is not None}
    if min(labels) > 0:
        seems = "no label is negative"
    elif max(map(abs, labels)) <= 1:
        seems = "no label lies outside of [-1, 1]"
    elif len(values) <= CLASSES:
        return (
            f"{path}: the labels are {', '.join(f'{value:g}' for value in sorted(values))} and "
            "nothing between, which are classes; of what is reported Acc-2 and F1 judge these "
            "(docs/data.md, Other corpora)"
        )
    else:
        return ""
    return (
        f"{path}: {seems}, while scores and metrics are made for a scale from -3 to 3 with 0 as "
        "neutral; if they are of another scale, convert them (docs/data.md, Other corpora)"
    )


def _check_header(path: Path, columns: list[str], schema: Draft202012Validator) -> None:
    """Name columns that are unknown or lacking, once and not again for each row."""
    rule: Any = schema.schema
    for column in columns:
        if column not in rule["properties"]:
            near = difflib.get_close_matches(column, rule["properties"], n=1)
            meant = "mode" if column.lower() in MODE else next(iter(near), "")
            hint = f"did you mean {meant!r}?" if meant else "rename or remove it."
            raise InputError(
                f"{path}: unknown column {column!r}; {hint} "
                f"Known columns: {', '.join(rule['properties'])}"
            )
    for column in rule["required"]:
        if column not in columns:
            raise InputError(
                f"{path}: the column {column!r} is missing; the first row must name the columns"
            )


def _rows(path: Path, schema: Draft202012Validator) -> list[tuple[int, dict[str, Any]]]:
    """Every row as (its number in the file, column -> value)."""
    try:
        columns, rows, mark = read_delimited(path)
    except (OSError, ValueError) as error:  # ValueError: no path of a file can hold a NUL
        raise InputError(
            f"{path}: cannot read the label file ({getattr(error, 'strerror', error)}); set "
            "corpus.labels to a readable file, relative to the working directory"
        ) from None
    if columns:
        _check_header(path, columns, schema)
    return [(number, _typed(path, number, row, mark)) for number, row in rows]


def _typed(path: Path, number: int, row: dict[str, str], mark: str) -> dict[str, Any]:
    typed: dict[str, Any] = dict(row)
    for column in (*SCORES, *TIMES):
        value = row.get(column, "").strip()
        try:
            typed[column] = None if value.lower() in ABSENT else decimal(value, mark)
        except ValueError:
            meant = (
                "a score in [-3, 3], or nothing for a segment without a label"
                if column in SCORES
                else "seconds, or nothing"
            )
            raise InputError(
                f"{path}: row {number}: {column} {value!r} is not a number; write {meant}"
            ) from None
    typed["mode"] = _mode(row.get("mode", ""))
    return typed


def _mode(word: str) -> str:
    """A mode as this package names it: train, valid, test or ''; another word is left as it is."""
    word = word.strip().lower()
    return "valid" if word in VALIDATION else word


def _refused(rows: list[tuple[int, dict[str, Any]]], schema: Draft202012Validator) -> list[str]:
    """What the schema says of the rows that it refuses.

    Values repeat (scores, modes, ids of videos), and each distinct one is checked once: a schema
    takes 0.2 ms for a row, and every job of a cluster reads label.csv.
    """
    rule: Any = schema.schema

    @cache
    def problem(column: str, value: Any) -> str:
        errors = schema.descend(value, rule["properties"][column], path=column)
        return next((explain(error) for error in errors), "")

    found = []
    for number, row in rows:
        first = next(filter(None, (problem(*cell) for cell in row.items())), "")
        if first:
            named = f"video_id {row['video_id']!r}, clip_id {row['clip_id']!r}"
            found.append(f"row {number} ({named}): {first}")
    return found


def _impossible(rows: list[tuple[int, dict[str, Any]]]) -> list[str]:
    """Segments that have one time without the other, or end before they start."""
    problems = []
    for number, row in rows:
        start, end = row["start"], row["end"]
        if (start is None) != (end is None):
            problems.append(f"row {number} has only one of start and end; give both or none")
        elif start is not None and end <= start:
            problems.append(f"row {number}: end {end:g} is not after start {start:g} (seconds)")
    return problems


def _duplicates(rows: list[tuple[int, dict[str, Any]]]) -> list[str]:
    first: dict[tuple[str, str], int] = {}
    problems = []
    for number, row in rows:
        key = (row.get("video_id", ""), row.get("clip_id", ""))
        if key in first:
            problems.append(
                f"row {number} repeats row {first[key]} (video_id {key[0]!r}, clip_id {key[1]!r}); "
                "keep one of them, or, where they are two segments, give one another id"
            )
        first.setdefault(key, number)
    return problems

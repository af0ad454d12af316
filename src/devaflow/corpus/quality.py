"""Data quality: what became of every segment in every modality, counted."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from devaflow.corpus.clips import KEY, KEY_AND_STATUS, USABLE
from devaflow.corpus.parts import SPLITS
from devaflow.corpus.statistics import ORDER

# A split in which a modality can be used in fewer of the segments is spoken of.
USUAL_SHARE = 0.9
HEADER = ["protocol", "split", "segments", "mean sound (s)", "frames with a face"]
HEADER += ["segments with a voice", "text", "audio", "vision"]
MARKDOWN, SHOWN = r"([\\`*_\[\]<>|&#~])", r"\\\1"
NOT_OK = [*KEY, "modality", "status", "reason"]
LEGEND = (
    "Sound: of the segments whose sound was measured. Frames with a face: of all decoded ones. "
    "Segments with a voice: of those whose sound could be measured. Then the statuses."
)


def assess(modalities: dict[str, pd.DataFrame], splits: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Counts of statuses and rates of what was measured, over all and per protocol and split.

    modalities: text, audio and vision -> table with one row a segment: video_id, clip_id, status,
        reason, and where measured frames and face_frames (vision), duration_s (audio, seconds).
    splits: protocol -> video_id, clip_id, split.
    Returns segments, overall, splits {protocol: {split: ...}}, gaps, which says of each split in
    which modality too few segments can be used to judge a model by it, and not_ok, which names
    every segment with a status other than ok, its modality and the reason.
    """
    summaries = {
        protocol: {
            str(split): _summary(_restricted(modalities, members))
            for split, members in sorted(table.groupby("split"), key=_place)
        }
        for protocol, table in splits.items()
    }
    return {
        "segments": len(modalities["text"]),
        "overall": _summary(modalities),
        "splits": summaries,
        "gaps": _gaps(summaries),
        "not_ok": _not_ok(modalities),
    }


def as_markdown(quality: dict[str, Any]) -> str:
    """What `assess` found, to read: the gaps, a line over all and one for each split, and what is
    not ok.
    """
    lines = ["# Data quality", "", LEGEND, ""]
    lines += [line for gap in quality["gaps"] for line in (f"Mind: {gap}.", "")]
    lines += [*_header(HEADER), _line("all", "", quality["overall"])]
    for protocol, splits in quality["splits"].items():
        lines += [_line(protocol, split, summary) for split, summary in splits.items()]
    if quality["not_ok"]:
        lines += ["", "## Segments that are not ok", "", *_header(NOT_OK)]
        lines += [_cells(row[column] for column in NOT_OK) for row in quality["not_ok"]]
    return "\n".join(lines) + "\n"


def _place(part: tuple[Any, pd.DataFrame]) -> int:
    split, _ = part
    return ORDER.index(split)


def _header(columns: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]


def _cells(texts: Iterable[str]) -> str:
    """A line of a table, in which ids and reasons stay as they are, on one line."""
    return f"| {' | '.join(re.sub(MARKDOWN, SHOWN, ' '.join(text.split())) for text in texts)} |"


def _line(protocol: str, split: str, summary: dict[str, Any]) -> str:
    duration = summary["duration_s"]
    figures = [
        str(summary["segments"]),
        f"{duration['mean']:.2f}" if duration else "",
        *(
            "" if summary[rate] is None else f"{summary[rate]:.3f}"
            for rate in ("face_rate", "voiced_rate")
        ),
    ]
    counts = [
        ", ".join(f"{count} {status}" for status, count in summary["status"][modality].items())
        for modality in ("text", "audio", "vision")
    ]
    return f"| {' | '.join([protocol, split, *figures, *counts])} |"


def _gaps(splits: dict[str, Any]) -> list[str]:
    """A sentence for each split and modality of which less than USUAL_SHARE can be used.

    A network that learned from three modalities is not tested on segments with one.
    """
    judged = (
        (f"{protocol}, {split}", summary)
        for protocol, summaries in splits.items()
        for split, summary in summaries.items()
        if split in SPLITS  # by what is unlabelled or unassigned nothing is judged
    )
    found = []
    for name, summary in judged:
        for modality, statuses in summary["status"].items():
            usable = sum(statuses.get(status, 0) for status in USABLE)
            if usable < USUAL_SHARE * summary["segments"]:
                found.append(
                    f"{name}: {modality} can be used in {usable} of {summary['segments']} "
                    "segments and is masked in the others"
                )
    return found


def _restricted(
    modalities: dict[str, pd.DataFrame], members: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    return {name: members[KEY].merge(table, on=KEY) for name, table in modalities.items()}


def _summary(modalities: dict[str, pd.DataFrame]) -> dict[str, Any]:
    return {
        "segments": len(modalities["text"]),
        "status": {
            name: {str(k): int(v) for k, v in table["status"].value_counts().sort_index().items()}
            for name, table in modalities.items()
        },
        "face_rate": _face_rate(modalities["vision"]),
        "voiced_rate": _voiced_rate(modalities["audio"]),
        "duration_s": _duration(modalities["audio"]),
    }


def _face_rate(vision: pd.DataFrame) -> float | None:
    """Frames with a face among all decoded frames; None where frames were not counted."""
    if "face_frames" not in vision or vision["face_frames"].isna().all():
        return None
    decoded = vision["frames"].sum()
    return round(float(vision["face_frames"].sum() / decoded), 6) if decoded else None


def _voiced_rate(audio: pd.DataFrame) -> float | None:
    """Segments with voiced speech among those whose sound could be measured."""
    measured = audio["status"].isin([*USABLE, "no_speech"])
    if not measured.any():
        return None
    return round(float((audio["status"][measured] != "no_speech").mean()), 6)


def _duration(audio: pd.DataFrame) -> dict[str, float] | None:
    known = audio["duration_s"].dropna() if "duration_s" in audio else pd.Series(dtype=float)
    if known.empty:
        return None
    figures = {"total": known.sum(), "mean": known.mean(), "min": known.min(), "max": known.max()}
    return {name: round(float(value), 3) for name, value in figures.items()}


def _not_ok(modalities: dict[str, pd.DataFrame]) -> list[dict[str, str]]:
    tables = []
    for name, table in modalities.items():
        bad = table.loc[table["status"] != "ok", KEY_AND_STATUS]
        tables.append(bad.assign(modality=name))
    listed = pd.concat(tables).sort_values([*KEY, "modality"])
    return [
        {str(column): str(value) for column, value in row.items()}
        for row in listed.to_dict(orient="records")
    ]

"""Which file holds which segment: the clip index, and the units in which clips are extracted."""

import hashlib
import os
import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from devaflow.corpus.clips import Clip
from devaflow.corpus.labels import Segment
from devaflow.errors import InputError
from devaflow.jobs import shown

EXTENSIONS = frozenset(
    {".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm"}
)
LONGEST_NAME = 60
RECURSION = r"(.+)\1{19}$"
AnyClip = TypeVar("AnyClip", bound=Clip)
SAFE = frozenset(string.ascii_letters + string.digits + "-_.")


def find_clips(
    segments: list[Segment],
    folder: Path | None,
    layout: str = "auto",
    extensions: frozenset[str] = EXTENSIONS,
) -> list[Clip]:
    """Find the clip of every segment; a segment without one has the path None.

    layout: 'auto' knows `{video_id}/{clip_id}.EXT` and `{video_id}_{clip_id}.EXT`; any other
    pattern of the two ids is a path without its extension, relative to `folder`. Extensions in
    any letter case. With `folder` None (features are precomputed) no segment has a clip.

    Raises InputError where the folder is missing, or where a segment and a file do not belong to
    each other alone: two files for one segment, or one file for two segments.
    """
    if folder is None:
        return [Clip(segment.video_id, segment.clip_id, None) for segment in segments]
    if not os.path.isdir(folder):  # Path.is_dir raises for a name that is too long
        raise InputError(
            f"{folder}: no such folder; set corpus.clips to the folder of the clips, relative to "
            "the working directory"
        )
    patterns = _patterns(layout)
    stems = [[p.format(video_id=s.video_id, clip_id=s.clip_id) for p in patterns] for s in segments]
    subfolders = {os.path.dirname(stem) for names in stems for stem in names}
    present = _files_by_stem(folder, subfolders, extensions)
    clips: list[Clip] = []
    owner: dict[Path, tuple[str, str]] = {}
    for segment, names in zip(segments, stems, strict=True):
        found = [path for name in names for path in present.get(name, [])]
        if len(found) > 1:
            raise InputError(
                f"segment (video_id {segment.video_id!r}, clip_id {segment.clip_id!r}) has "
                f"{len(found)} files: {', '.join(map(str, found))}; keep one of them"
            )
        path = found[0] if found else None
        if path in owner:
            raise InputError(
                f"{path} is the clip of two segments, {owner[path]} and {segment.key}; use the "
                "layout {video_id}/{clip_id}, where names cannot collide"
            )
        if path is not None:
            owner[path] = segment.key
        clips.append(Clip(segment.video_id, segment.clip_id, path))
    return clips


def _patterns(layout: str) -> list[str]:
    return ["{video_id}/{clip_id}", "{video_id}_{clip_id}"] if layout == "auto" else [layout]


def _files_by_stem(
    folder: Path, subfolders: Iterable[str], extensions: frozenset[str]
) -> dict[str, list[Path]]:
    """Stem of a clip, relative to `folder`, -> its files; each folder is read once."""
    present: dict[str, list[Path]] = {}
    for subfolder in sorted(subfolders):
        place = folder / subfolder
        if not os.path.isdir(place):
            continue
        for name in _names_in(place):
            stem, dot, extension = name.rpartition(".")
            # A folder, a pipe or a link to nothing is no clip, whatever it is called. Asked by
            # path: an entry of a directory raises for a link that goes round in circles.
            if f"{dot}{extension}".lower() in extensions and os.path.isfile(place / name):
                present.setdefault(os.path.join(subfolder, stem), []).append(place / name)
    return present


def _names_in(folder: Path) -> list[str]:
    """What a folder holds, sorted."""
    try:
        return sorted(os.listdir(folder))
    except PermissionError:
        raise InputError(f"{folder}: may not be read; allow it (chmod u+rx), or move it") from None


def files_without_row(folder: Path, clips: list[Clip], layout: str = "auto") -> list[Path]:
    """Video files as deep below `folder` as clips may lie that are no segment's clip, sorted."""
    known = {clip.path for clip in clips}
    deepest = max(pattern.count("/") for pattern in _patterns(layout))
    found = []
    for place, subfolders, names in os.walk(folder, followlinks=True):
        if len(Path(place).relative_to(folder).parts) == deepest:
            subfolders.clear()
        videos = (Path(place, n) for n in names if os.path.splitext(n)[1].lower() in EXTENSIONS)
        found += [path for path in videos if path not in known and os.path.isfile(path)]
    return sorted(found)


def absences(folder: Path | None, clips: list[Clip], layout: str = "auto") -> str:
    """A sentence on the segments without a clip, and on files that may be theirs; '' for none."""
    absent = [clip for clip in clips if clip.path is None]
    if folder is None or not absent:
        return ""
    share = f"{len(absent)} of {len(clips)} segments"
    said = f"{folder}: no clip of {share}, e.g. {_named(absent[0])}"
    files = files_without_row(folder, clips, layout)
    if files:
        example = files[0].relative_to(folder)
        said += f"; {len(files)} video files there belong to no segment, e.g. {example}"
    wanted = {alike(_named(clip)): clip for clip in absent}
    for file in files:
        if clip := wanted.get(alike(str(file.relative_to(folder).with_suffix("")))):
            return shown(
                f"{said}. Is {file.relative_to(folder)} that of {_named(clip)}? An id and a name "
                "must agree in leading zeros, in the case of letters and in how accents are encoded"
            )
    videos = {clip.video_id for clip in absent}
    if whole := next((f.name for f in files if f.parent == folder and f.stem in videos), None):
        said += (
            f". {whole} is named like a whole video, which is not cut by start and end: give each "
            "segment a file of its own (docs/data.md, Clips)"
        )
    return shown(said)


def _named(clip: Clip) -> str:
    return f"{clip.video_id}/{clip.clip_id}"


def alike(name: str) -> str:
    """A name without what spreadsheets and file systems change in names."""
    plain = unicodedata.normalize("NFC", name).casefold().replace("/", "_")
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain)


def group_units(clips: Sequence[AnyClip], unit: str) -> dict[str, list[AnyClip]]:
    """Units of extraction: name -> its clips. `unit`: 'clip' (one clip each) or 'video'.

    A name is one path component for a video and two for a clip, so that ids are never glued;
    characters that a file name or a wildcard cannot hold are encoded. A unit's clips are
    sorted by their ids: another order of the rows in label.csv measures nothing again.
    """
    units: dict[str, list[AnyClip]] = {}
    for clip in sorted(clips, key=lambda clip: clip.key):
        ids = (clip.video_id, clip.clip_id) if unit == "clip" else (clip.video_id,)
        units.setdefault("/".join(map(file_name, ids)), []).append(clip)
    return units


def file_name(identifier: str) -> str:
    """An id as the name of a file: the safe characters stay, others are =XX, their bytes in UTF-8.

    Not %XX: in the name of a log SLURM takes that for a number of the job. What is too long for a
    file system, or repeats itself until Snakemake takes it for a recursion (20 times), is shortened
    to its beginning and a checksum.
    """
    name = "".join(c if c in SAFE else quote(c, safe="") for c in identifier).replace("%", "=")
    if len(name) > LONGEST_NAME or re.search(RECURSION, name):
        name = f"{name[:12]}~{hashlib.sha256(identifier.encode()).hexdigest()[:24]}"
    return name.replace(".", "=2E", 1) if name.startswith(".") else name

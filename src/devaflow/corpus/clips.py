"""One recorded segment, as the extractors take it, and what names it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# What names a segment, in every table.
KEY = ["video_id", "clip_id"]
# What a table of a modality says of every segment; the reason is empty where all is well.
KEY_AND_STATUS = [*KEY, "status", "reason"]
# Statuses with something to use; the model masks a modality with any other.
USABLE = ("ok", "truncated")
# A label, and so a score, lies in [-LIMIT, LIMIT].
LIMIT = 3.0


@dataclass(frozen=True)
class Clip:
    """A segment and the file that records it.

    video_id, clip_id: the key of the segment, two strings that are never glued.
    path: the recording, or None where the corpus has no file for this segment.
    """

    video_id: str
    clip_id: str
    path: Path | None

    @property
    def key(self) -> tuple[str, str]:
        """What names a segment everywhere: its two ids, never glued."""
        return self.video_id, self.clip_id

    @property
    def row(self) -> list[Any]:
        """The clip as plain values, of which `at` makes it again: its ids, and its path or ''."""
        return [*self.key, str(self.path or "")]

    @classmethod
    def at(cls, video_id: str, clip_id: str, path: str, *more: Any) -> Self:
        """A clip whose file is named by a string, '' for none; more: what a subclass adds."""
        return cls(video_id, clip_id, Path(path) if path else None, *more)

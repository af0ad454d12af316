"""Transcripts as the encoder reads them."""

import re
import unicodedata

import pandas as pd


def prepare_transcripts(segments: pd.DataFrame, lowercase: bool, context: int) -> pd.DataFrame:
    """One row a segment: video_id, clip_id, start, status (ok, empty), reason, text.

    segments: video_id, clip_id, start (seconds in the video, or NaN), text, one row each, in the
        order of label.csv.
    lowercase: MOSI's transcripts are upper case, which cased encoders do not know.
    context: up to so many earlier segments of the same video stand before the segment's own text, a
        line each and, with a context, one line at least; see `earlier` for their order.
    """
    own = segments["text"].map(clean)
    if lowercase:
        own = own.str.lower()
    text = own if context == 0 else _with_context(segments, own, context)
    empty = own == ""
    return pd.DataFrame(
        {
            "video_id": segments["video_id"],
            "clip_id": segments["clip_id"],
            "start": segments["start"],
            "status": empty.map({True: "empty", False: "ok"}),
            "reason": empty.map({True: "the transcript holds no words", False: ""}),
            "text": text,
        }
    )


def clean(text: str) -> str:
    """Drop invisible format characters; make control characters and white space single spaces."""
    visible = (c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in visible).split())


def _with_context(segments: pd.DataFrame, own: pd.Series, context: int) -> pd.Series:
    texts = own.to_numpy()
    joined = [
        "\n".join(filter(None, texts[rows])) + "\n" + texts[row]
        for row, rows in enumerate(earlier(segments, context))
    ]
    return pd.Series(joined, index=own.index, dtype="str")


def earlier(segments: pd.DataFrame, context: int) -> list[list[int]]:
    """For each row of `segments` (video_id, clip_id, start) the positions of up to `context` rows
    of the same video that come before it, the earliest first.

    A video's segments follow one another by their start (seconds) if each has one, else by clip_id.
    """
    found: list[list[int]] = [[] for _ in range(len(segments))]
    for _, video in segments.reset_index(drop=True).groupby("video_id", sort=False):
        rows = _as_spoken(video)
        for place, row in enumerate(rows):
            found[row] = rows[max(0, place - context) : place]
    return found


def _as_spoken(video: pd.DataFrame) -> list[int]:
    """The row labels of a video's segments, one after the other."""
    ids = video["clip_id"]
    start = video["start"] if video["start"].notna().all() else [0.0] * len(video)
    places = zip(start, ids.map(_natural), ids, video.index, strict=True)
    return [row for *_, row in sorted(places)]


def _natural(clip_id: str) -> tuple[str | int, ...]:
    """An id with its runs of digits as numbers, so that clip_2 comes before clip_10."""
    parts = re.split(r"(\d+)", clip_id)
    return tuple(int(part) if n % 2 else part for n, part in enumerate(parts))

"""Transcripts as the encoder reads them."""

import unicodedata

import pandas as pd


def prepare_transcripts(segments: pd.DataFrame, lowercase: bool, context: int) -> pd.DataFrame:
    """One row a segment: video_id, clip_id, status (ok, empty), reason, text.

    segments: video_id, clip_id, text, one row each, in the order of label.csv.
    lowercase: MOSI's transcripts are upper case, which cased encoders do not know.
    context: up to so many earlier segments of the same video stand before the segment's own text, a
        line each and, with a context, one line at least; a video's segments follow one another by
        clip_id (as a number where it is one).
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
    """For each row of `segments` (video_id, clip_id) the positions of up to `context` rows of the
    same video that come before it, the earliest first.
    """
    number = pd.to_numeric(segments["clip_id"], errors="coerce")
    order = pd.DataFrame(
        {
            "video": segments["video_id"].to_numpy(),
            "n": number.to_numpy(),
            "id": segments["clip_id"].to_numpy(),
        }
    )
    found: list[list[int]] = [[] for _ in range(len(order))]
    for _, video in order.sort_values(["n", "id"], kind="stable").groupby("video", sort=False):
        rows = list(video.index)
        for place, row in enumerate(rows):
            found[row] = rows[max(0, place - context) : place]
    return found

"""The demo corpus as files: clips, label.csv, ground_truth.csv."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from devaflow.demo.film import Rendered, make_look, render
from devaflow.demo.plan import Clip, make_plan
from devaflow.files import atomic
from devaflow.jobs import progress

PROCESSES = 2
ANNOTATIONS = {-1: "Negative", 0: "Neutral", 1: "Positive"}


def make_corpus(out: Path, seed: int) -> None:
    """Write clips/{video_id}/{clip_id}.mp4, label.csv and ground_truth.csv under `out`."""
    plan = make_plan(seed)
    videos = [list(clips) for _, clips in groupby(plan, key=lambda clip: clip.video_id)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        results = pool.map(partial(render_video, out / "clips", seed), videos)
        rendered = [row for rows in progress(results, "render", "video") for row in rows]
    for name, table in {
        "label.csv": label_table(plan),
        "ground_truth.csv": ground_truth(plan, rendered),
    }.items():
        with atomic(out / name) as file:
            table.to_csv(file, index=False, lineterminator="\n")


def render_video(folder: Path, seed: int, clips: Sequence[Clip]) -> list[Rendered]:
    """Render the clips of one video; they share a look. Independent of all other videos."""
    key = [seed, *clips[0].video_id.encode()]
    look = make_look(np.random.default_rng(key))
    return [
        render(
            clip,
            look,
            folder / clip.video_id / f"{clip.clip_id}.mp4",
            np.random.default_rng([*key, int(clip.clip_id)]),
        )
        for clip in clips
    ]


def label_table(plan: Sequence[Clip]) -> pd.DataFrame:
    """The plan in the columns of MOSI's label.csv."""
    return pd.DataFrame([label_row(clip) for clip in plan])


def label_row(clip: Clip) -> dict[str, object]:
    """One row of label.csv; label and annotation are empty where the fault is `unlabelled`."""
    known = clip.fault != "unlabelled"
    return {
        "video_id": clip.video_id,
        "clip_id": clip.clip_id,
        "text": clip.text.upper(),
        "label": clip.label if known else None,
        "label_T": round(3 * clip.text_valence, 1),
        "label_A": round(3 * clip.voice_cue, 1),
        "label_V": round(3 * clip.face_cue, 1),
        "annotation": ANNOTATIONS[int(np.sign(clip.label))] if known else None,
        "mode": clip.mode,
    }


def ground_truth(plan: Sequence[Clip], rendered: Sequence[Rendered]) -> pd.DataFrame:
    """What was rendered, one row a clip; the rate is the one that was needed."""
    rows = [asdict(clip) | asdict(result) for clip, result in zip(plan, rendered, strict=True)]
    return pd.DataFrame(rows).drop(columns=["mode", "text", "label"])

"""Loudness, jitter, shimmer and pitch of clips, measured by openSMILE.

Source: the Interspeech 2010 paralinguistics set (Schuller et al., 2010) as openSMILE computes it
(Eyben et al., 2010); the choice of the four means is DEVA's (Wu et al., arXiv 2412.10460).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import opensmile
import pandas as pd

from devaflow.audio.tables import FEATURES, SILENT, functional_table, voiced
from devaflow.audio.waveform import LONGEST, Waveform, read_waveform
from devaflow.corpus.clips import Clip
from devaflow.jobs import progress

BACKEND = "opensmile"
MUCH_LOUDER = 10  # 20 dB: two microphones that hear one voice are nearer to each other


def extract(
    clips: Iterable[Clip],
    scratch: Path,
    feature_set: str = "IS10",
    max_seconds: float = LONGEST,
) -> pd.DataFrame:
    """Measure the voice of a unit of clips with one openSMILE.

    scratch: a directory for one wav file at a time. Returns one row a clip: video_id, clip_id,
    status, reason, backend, duration_s, rms (of full scale), loudness, jitter, shimmer, f0_hz
    (means over voiced frames, each smoothed over three; loudness: over all). Without voice
    (no_speech) only the loudness stands; a value that could not be measured is NaN.
    """
    smile = opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel.Functionals)
    rows = []
    for clip in progress(clips, "voices", "clip"):
        waveform = read_waveform(clip.path, scratch, max_seconds)
        key = {"video_id": clip.video_id, "clip_id": clip.clip_id, "backend": BACKEND}
        rows.append(key | _measure(waveform, smile))
    return functional_table(rows)


def _measure(waveform: Waveform, smile: opensmile.Smile) -> dict[str, Any]:
    judged: dict[str, Any] = {"status": waveform.status, "reason": waveform.reason}
    if waveform.samples is None:
        return judged
    signal = _signal(waveform.samples)
    judged |= {"duration_s": waveform.seconds, "rms": float(np.sqrt(np.mean(signal**2)))}
    if not signal.any():
        return judged | {"status": "no_speech", "reason": SILENT, "loudness": 0.0}
    measured = smile.process_signal(signal, waveform.rate).iloc[0]
    values = {name: float(measured[feature]) for name, feature in FEATURES.items()}
    return judged | voiced(values, waveform.status, waveform.reason)


def _signal(samples: np.ndarray) -> np.ndarray:
    """One channel as float32 in [-1, 1]: the first, as openSMILE takes it, or one far louder.

    A voice on the second channel alone must not be lost to the noise that the first holds. The
    channels are not mixed: on coded speech whose channels hardly differ, mixing moved shimmer from
    .079 to .121.
    """
    # Without a table of the squares, which ten minutes would fill 400 MB with. The mean is taken
    # off: a constant offset, as of a dead input, is no sound.
    squares = np.einsum("sc,sc->c", samples, samples, dtype="int64")
    power = squares / len(samples) - samples.mean(axis=0) ** 2
    loudest = int(power.argmax())
    channel = loudest if power[loudest] > MUCH_LOUDER**2 * power[0] else 0
    return samples[:, channel].astype("float32") / 2**15

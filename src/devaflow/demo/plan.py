"""What the demo corpus shall hold: who says what, how, with which label and which fault.

Every clip has three cues in [-1, 1]: the text's valence, the voice and the face. Voice and face
follow the text in part and have a part of their own. The label is

    label = clip(round(3 * (W_TEXT * text + W_VOICE * voice + W_FACE * face) + noise, 1), -3, 3)

with Gaussian noise of standard deviation NOISE. The face's cue is .75 smile + .25 (brow raise -
brow lower); the voice's cue raises pitch, loudness and rate together.
"""

from dataclasses import dataclass

import numpy as np

from devaflow.demo.sentences import SENTENCES
from devaflow.demo.valence import valence

W_TEXT, W_VOICE, W_FACE = 0.45, 0.35, 0.35
NOISE = 0.25
SMILE_SHARE, BROW_SHARE = 0.75, 0.25

VIDEOS = (
    "_dF3kQ0vXbU",
    "a9-LmT2rYwE",
    "Kq7-hN4c-Zs",
    "t5R_uJ8oPfA",
    "B1xWeG6yHnM",
    "cV0zSdL3iTk",
    "E8pQ2rJmUaY",
    "gN5tYwX7bKo",
    "H4uFsC9eRvD",
    "jZ6aMhP1lGq",
    "L2oVbT8nWxI",
    "nS7yKcE0fJd",
    "P3wHgU5rQmZ",
    "rX9iBvN6tAe",
    "T0kDlY4sFzC",
    "vG8eOjR2pWh",
)
MODES = ("train",) * 10 + ("valid",) * 3 + ("test",) * 3

# Where a fault falls: the place of its video in the order of MODES.
FAULTS = {
    0: "no_face",
    3: "truncated",
    5: "missing",
    8: "garbage",
    10: "no_audio",
    12: "unlabelled",
    13: "silence",
    15: "unvoiced",
}

# Voices of espeak-ng. They are women's, as the face is; of near enough the same height that the
# pitch which is asked for shows across them. `NEUTRAL_PITCH` is espeak-ng's parameter, 0-100.
VOICES = tuple(f"en-us+{name}" for name in ("f1", "f2", "f3", "f4", "f5", "linda", "steph"))
UNVOICED = "en-us+whisper"
NEUTRAL_PITCH, PITCH_SPAN = 47, 24
LEVEL, LEVEL_SPAN = -26.0, 6.0  # dB below full scale
RATE, RATE_SPAN = 200, 25  # words a minute


@dataclass(frozen=True)
class Clip:
    """One clip as it shall be rendered. `ground_truth.csv` has all but mode, text and label.

    `pitch` and `rate` are parameters of espeak-ng (rate: words a minute, raised where the
    sentence would not fit), `volume` is the level of the speech in dB below full scale (RMS),
    `smile` is in [-1, 1], brows and `mouth_open` in [0, 1], `score` the label without its noise.
    """

    video_id: str
    clip_id: str
    mode: str
    fault: str
    text: str
    text_valence: float
    voice_cue: float
    face_cue: float
    smile: float
    brow_raise: float
    brow_lower: float
    mouth_open: float
    blinks: int
    voice: str
    pitch: int
    volume: float
    rate: int
    score: float
    label: float


def score(text: float, voice: float, face: float) -> float:
    """The label without its noise, from three cues in [-1, 1]."""
    return max(-3.0, min(3.0, 3 * (W_TEXT * text + W_VOICE * voice + W_FACE * face)))


def label(text: float, voice: float, face: float, noise: float) -> float:
    """The label, in steps of 0.1 within [-3, 3]."""
    raw = 3 * (W_TEXT * text + W_VOICE * voice + W_FACE * face) + noise
    return max(-3.0, min(3.0, round(raw, 1)))


def make_plan(seed: int) -> list[Clip]:
    """The 144 clips of the corpus, in the order of `label.csv`; the same for the same seed."""
    rng = np.random.default_rng(seed)
    videos = rng.permutation(VIDEOS)
    topics = rng.permutation(list(SENTENCES))
    voices = [VOICES[i % len(VOICES)] for i in rng.permutation(len(VIDEOS))]
    plan = []
    for place, (video, topic, voice) in enumerate(zip(videos, topics, voices, strict=True)):
        sentences = rng.permutation(SENTENCES[topic])
        faulty = int(rng.integers(len(sentences)))
        for number, sentence in enumerate(sentences):
            fault = FAULTS.get(place, "") if number == faulty else ""
            plan.append(
                _plan_clip(
                    rng, (str(video), str(number + 1)), MODES[place], fault, str(sentence), voice
                )
            )
    return plan


def _plan_clip(
    rng: np.random.Generator,
    key: tuple[str, str],
    mode: str,
    fault: str,
    sentence: str,
    voice: str,
) -> Clip:
    text = round(valence(sentence), 3)
    spoken = _cue(0.3 * text + 0.5 * rng.standard_normal())
    smile = _cue(0.4 * text + 0.5 * rng.standard_normal())
    brow = _cue(0.2 * text + 0.2 * spoken + 0.45 * rng.standard_normal())
    face = round(SMILE_SHARE * smile + BROW_SHARE * brow, 3)
    return Clip(
        video_id=key[0],
        clip_id=key[1],
        mode=mode,
        fault=fault,
        text=sentence,
        text_valence=text,
        voice_cue=spoken,
        face_cue=face,
        smile=smile,
        brow_raise=max(brow, 0.0),
        brow_lower=max(-brow, 0.0),
        mouth_open=round(rng.uniform(0.3, 1.0), 3),
        blinks=int(rng.integers(0, 3)),
        voice=UNVOICED if fault == "unvoiced" else voice,
        pitch=round(NEUTRAL_PITCH + PITCH_SPAN * spoken),
        volume=round(LEVEL + LEVEL_SPAN * spoken + 0.5 * rng.standard_normal(), 1),
        rate=round(RATE + RATE_SPAN * spoken),
        score=round(score(text, spoken, face), 3),
        label=label(text, spoken, face, NOISE * rng.standard_normal()),
    )


def _cue(value: float) -> float:
    return round(float(np.clip(value, -1, 1)), 3)

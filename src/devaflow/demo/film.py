"""From a planned clip to an mp4 file, faults included."""

import shlex
import subprocess
import tempfile
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from devaflow.demo import face
from devaflow.demo.plan import Clip
from devaflow.demo.voice import SAMPLE_RATE, Samples, at_level, speak_within, without_pitch
from devaflow.files import atomic

FPS = 25
SHORTEST = 1.5  # seconds
LEAD = 0.08  # seconds of silence before and after the speech
BLINK = (0.4, 0.9, 1.0, 0.9, 0.6, 0.2)  # how far the lids are down, frame by frame
KEPT = 0.6  # of the bytes of a truncated file
GARBAGE_BYTES = 20_000
FROM_PIPE = shlex.split(
    "-y -loglevel error -threads 1"
    f" -f rawvideo -pix_fmt rgb24 -s {face.SIZE}x{face.SIZE} -r {FPS} -i -"
)
TO_MP4 = shlex.split(
    "-c:v libx264 -threads 1 -preset medium -crf 19 -pix_fmt yuv420p -c:a aac -b:a 48k"
    " -movflags +faststart -map_metadata -1"
    " -fflags +bitexact -flags:v +bitexact -flags:a +bitexact"
)


@dataclass(frozen=True)
class Look:
    """What the clips of one video share: where the face stands, and the camera."""

    pose: face.Pose
    camera: face.Camera


@dataclass(frozen=True)
class Rendered:
    """What came out: the rate of speech that was needed, seconds, frames."""

    rate: int
    duration_s: float
    frames: int


def make_look(rng: np.random.Generator) -> Look:
    """Draw the look of one video."""
    shift = rng.uniform(-8, 8, 2)
    red, green, blue = rng.uniform(0.93, 1.0, 3)
    return Look(
        face.Pose(
            scale=rng.uniform(1.3, 1.6),
            rotation=rng.uniform(-5, 5),
            shift=(float(shift[0]), float(shift[1])),
            mirrored=bool(rng.integers(2)),
        ),
        face.Camera(
            light=rng.uniform(0.8, 1.1), tint=(red, green, blue), noise=rng.uniform(1.0, 2.5)
        ),
    )


def make_sound(clip: Clip) -> tuple[Samples, int]:
    """The sound of a clip, a whole number of frames long, and the rate it was spoken at."""
    speech, rate = speak_within(clip.text, clip.voice, clip.pitch, clip.rate)
    if clip.fault == "unvoiced":
        speech = without_pitch(speech)
    speech = at_level(speech, clip.volume)
    lead = int(LEAD * SAMPLE_RATE)
    per_frame = SAMPLE_RATE // FPS
    frames = max(int(SHORTEST * FPS) + 1, -(-(len(speech) + 2 * lead) // per_frame))
    sound = np.zeros(frames * per_frame, dtype=np.float32)
    sound[lead : lead + len(speech)] = speech
    return sound, rate


def expression_over_time(
    clip: Clip, sound: Samples, rng: np.random.Generator
) -> list[face.Expression]:
    """One expression a frame: onset, apex and offset; blinks; a mouth that follows the sound."""
    loudness = np.sqrt((sound.reshape(-1, SAMPLE_RATE // FPS) ** 2).mean(axis=1))
    speaking = np.convolve(loudness / max(loudness.max(), 1e-6), np.ones(3) / 3, mode="same")
    strength = apex(len(loudness))
    lids = np.zeros(len(loudness))
    for start in rng.integers(0, len(lids) - len(BLINK), clip.blinks):
        lids[start : start + len(BLINK)] = np.maximum(lids[start : start + len(BLINK)], BLINK)
    return [
        face.Expression(
            smile=clip.smile * amount,
            brow_raise=clip.brow_raise * amount,
            brow_lower=clip.brow_lower * amount,
            mouth_open=clip.mouth_open * opening,
            blink=lid,
        )
        for amount, opening, lid in zip(strength, speaking, lids, strict=True)
    ]


def apex(frames: int) -> npt.NDArray[np.float64]:
    """How strong an expression is in each frame: rises in a fifth, holds, falls in a fifth."""
    time = np.linspace(0, 1, frames)
    ramp = np.minimum(np.minimum(time, 1 - time) / 0.2, 1)
    return 0.2 + 0.8 * (1 - np.cos(np.pi * ramp)) / 2


def make_frames(
    clip: Clip, sound: Samples, look: Look, rng: np.random.Generator
) -> Iterable[face.Picture]:
    """The frames of a clip, SIZE x SIZE x 3, RGB; the head drifts by a few pixels."""
    picture = face.portrait()
    drift = rng.uniform(-4, 4, 2)
    expressions = expression_over_time(clip, sound, rng)
    for number, expression in enumerate(expressions):
        if clip.fault == "no_face":
            scene = face.empty_room()
        else:
            moved = np.array(look.pose.shift) + drift * np.sin(np.pi * number / len(expressions))
            pose = face.Pose(
                look.pose.scale,
                look.pose.rotation,
                (float(moved[0]), float(moved[1])),
                look.pose.mirrored,
            )
            scene = face.draw(picture, expression, pose)
        yield face.photograph(scene, look.camera, rng)


def encode(path: Path, frames: Iterable[face.Picture], sound: Samples | None) -> None:
    """Write an mp4 (H.264, AAC unless `sound` is None) whose bytes depend on the input only."""
    with tempfile.TemporaryDirectory() as folder, atomic(path) as partial:
        audio = [] if sound is None else ["-i", str(write_wav(Path(folder, "sound.wav"), sound))]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), *FROM_PIPE, *audio, *TO_MP4, str(partial)]
        pixels = b"".join(frame.tobytes() for frame in frames)
        subprocess.run(command, input=pixels, check=True)


def write_wav(path: Path, sound: Samples) -> Path:
    """Write mono 16-bit PCM at SAMPLE_RATE; gives `path` back."""
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(SAMPLE_RATE)
        stream.writeframes((sound * 32767).round().astype("<i2").tobytes())
    return path


def damage(path: Path, fault: str, rng: np.random.Generator) -> None:
    """Do to a finished file what its fault asks for."""
    if fault == "missing":
        path.unlink()
    elif fault == "garbage":
        path.write_bytes(rng.bytes(GARBAGE_BYTES))
    elif fault == "truncated":
        content = path.read_bytes()
        path.write_bytes(content[: int(KEPT * len(content))])


def render(clip: Clip, look: Look, path: Path, rng: np.random.Generator) -> Rendered:
    """Render a clip to `path`; a clip that shall be missing leaves no file."""
    sound, rate = make_sound(clip)
    heard = {"no_audio": None, "silence": np.zeros_like(sound)}.get(clip.fault, sound)
    encode(path, make_frames(clip, sound, look, rng), heard)
    damage(path, clip.fault, rng)
    return Rendered(rate, len(sound) / SAMPLE_RATE, len(sound) * FPS // SAMPLE_RATE)

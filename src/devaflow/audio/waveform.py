"""The sound of a clip as a wav file, taken out by MoviePy without decoding the pictures.

The wav is as MoviePy writes it: 44.1 kHz, 16 bit, two channels. DEVA's published audio values
were measured on such files, and resampling would move jitter and shimmer.
"""

import logging
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from moviepy import AudioFileClip
from moviepy.config import FFMPEG_BINARY
from moviepy.video.io.ffmpeg_reader import ffmpeg_parse_infos
from scipy.io import wavfile

log = logging.getLogger(__name__)

# openSMILE's IS10 finds nothing in 45 ms of sound; MoviePy itself fails at 20 ms.
SHORTEST = 0.05
# A sound is cut short if it lacks this much of the declared duration, in seconds and as a share.
LACKING_SECONDS = 0.5
LACKING_SHARE = 0.1
PROBE_RATE = 8000


@dataclass(frozen=True)
class Waveform:
    """What came of taking a clip's sound out.

    status: ok, truncated, no_sound, too_short, unreadable or missing; reason says why.
    samples: int16 [samples, 2] at `rate` Hz, or None where the status leaves nothing to measure.
    """

    status: str
    reason: str = ""
    samples: np.ndarray | None = None
    rate: int = 0

    @property
    def seconds(self) -> float:
        """Duration of the samples; NaN where there are none."""
        return float("nan") if self.samples is None else len(self.samples) / self.rate


def read_waveform(path: Path | None, scratch: Path, max_seconds: float = 600.0) -> Waveform:
    """Take the sound out of the clip `path` through a wav file in the directory `scratch`.

    Of a longer sound the first max_seconds are kept, with status truncated. A clip that cannot
    be used is a status, never an error.
    """
    if path is None:
        return Waveform("missing", "the corpus has no recording")
    # Absolute, for ffmpeg takes a name such as "12:30.mp4" for a network address.
    path = path.resolve()
    if not path.is_file():
        return Waveform("unreadable", "no such file")
    if path.stat().st_size == 0:
        return Waveform("unreadable", "the file is empty")
    try:
        declared = _sound_seconds_declared(path)
        if declared is None:
            return Waveform("no_sound", "no audio track")
        if declared < SHORTEST:
            return Waveform("too_short", f"{declared:.2f} s of sound")
        rate, samples = _through_wav(path, scratch / "sound.wav", max_seconds)
    except (OSError, KeyError, ValueError) as error:
        # The details hold memory addresses: they would make the tables of two runs differ.
        log.warning("%s: %s", path, error)
        return Waveform("unreadable", "ffmpeg cannot read the file")
    delivered = _seconds_delivered(path, rate, samples, max_seconds)
    return _judged(samples[: round(delivered * rate)], rate, declared, max_seconds)


def _sound_seconds_declared(path: Path) -> float | None:
    infos = ffmpeg_parse_infos(str(path))
    return float(infos["duration"]) if infos["audio_found"] else None


def _through_wav(path: Path, wav: Path, max_seconds: float) -> tuple[int, np.ndarray]:
    with AudioFileClip(str(path)) as whole:
        sound = whole.subclipped(0, min(whole.duration, max_seconds))
        sound.write_audiofile(str(wav), codec="pcm_s16le", logger=None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            return wavfile.read(wav)
    finally:
        wav.unlink()


def _seconds_delivered(path: Path, rate: int, samples: np.ndarray, max_seconds: float) -> float:
    """How much sound the file really holds.

    MoviePy fills up with zeros what a broken or short track lacks of the container's duration. So
    a tail of zeros is either silence that was recorded or nothing at all; decoding tells them
    apart.
    """
    heard = np.flatnonzero(samples.any(axis=1))
    tail = len(samples) - (int(heard[-1]) + 1 if len(heard) else 0)
    if tail < SHORTEST * rate:
        return len(samples) / rate
    command = [FFMPEG_BINARY, "-v", "quiet", "-i", str(path), "-map", "0:a:0"]
    command += ["-t", f"{max_seconds:g}", "-f", "s16le", "-ac", "1", "-ar", str(PROBE_RATE), "-"]
    decoded = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return min(len(samples) / rate, len(decoded.stdout) / 2 / PROBE_RATE)


def _judged(samples: np.ndarray, rate: int, declared: float, max_seconds: float) -> Waveform:
    seconds = len(samples) / rate
    if seconds == 0:
        return Waveform("unreadable", "not one sample of the audio track can be decoded")
    if seconds < SHORTEST:
        return Waveform("too_short", f"{seconds:.2f} s of sound")
    if declared > max_seconds:
        reason = f"only the first {seconds:.1f} s of {declared:.1f} s are used (the time limit)"
        return Waveform("truncated", reason, samples, rate)
    if declared - seconds > max(LACKING_SECONDS, LACKING_SHARE * declared):
        reason = f"{seconds:.1f} s of sound in a clip of {declared:.1f} s"
        return Waveform("truncated", reason, samples, rate)
    return Waveform("ok", "", samples, rate)

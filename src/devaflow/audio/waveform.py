"""The sound of a clip as a wav file, taken out by MoviePy without decoding the frames.

The wav is as MoviePy writes it: 44.1 kHz, 16 bit, two channels. DEVA's published audio values
were measured on such files, and resampling would move jitter and shimmer. What MoviePy cannot
read though ffmpeg can is taken from ffmpeg itself, in the same form.
"""

import tempfile
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from moviepy import AudioFileClip
from moviepy.video.io.ffmpeg_reader import ffmpeg_parse_infos
from scipy.io import wavfile

from devaflow.files import require_space
from devaflow.jobs import log
from devaflow.recording import TIME_OUT, duration_told, ends_early, ffmpeg, present

RATE = 44100
BYTES_A_SAMPLE = 4  # of two channels
LONGEST = 600.0  # seconds, where a caller names no bound
# A probe for space writes as much; for longer sounds, in seconds, it would fill the disk itself.
LONGEST_PROBE = 600.0
# MoviePy limits what it writes to 0.99 of full scale.
LOUDEST = int(0.99 * 2**15)
# openSMILE's IS10 finds nothing in 45 ms of sound; MoviePy itself fails at 20 ms.
SHORTEST = 0.05
PROBE_RATE = 8000
# MoviePy waits for ever once ffmpeg's complaints fill a pipe, 64 KiB, that it does not empty.
# It reads on after the time limit, so that part of the pipe is left for complaints from there.
MOST_COMPLAINTS = 2**14
# ffmpeg tells the duration in hundredths of a second.
DURATION_STEP = 0.01


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


@dataclass(frozen=True)
class _Track:
    """The audio track as ffmpeg finds it.

    declared: the container's duration in seconds, None where it has none.
    delivered: the seconds that can be decoded, up to the time limit.
    complaints: the bytes of ffmpeg's text about the file.
    """

    declared: float | None
    delivered: float
    complaints: int


def read_waveform(path: Path | None, scratch: Path, max_seconds: float = LONGEST) -> Waveform:
    """Take the sound out of the clip `path` through a wav file in the directory `scratch`.

    Of a longer sound the first max_seconds are kept, with status truncated. A clip that cannot
    be used is a status, never an error. InputError where `scratch` is full: nothing is known of
    the clip then.
    """
    if path is None:
        return Waveform("missing", "the corpus has no recording")
    try:
        path = present(path)
        track = _audio_track(path, max_seconds)
        if track is None:
            return Waveform("no_sound", "no audio track")
        if track.declared is not None and track.declared < SHORTEST:
            return Waveform("too_short", f"{track.declared:.2f} s of sound")
        if track.delivered == 0:
            return Waveform("unreadable", "not one sample of the audio track can be decoded")
        samples = _samples(path, track, scratch, max_seconds)
    except OSError as error:
        log.warning("%s: %s", path, error)
        return Waveform("unreadable", str(error))
    return _judged(samples, track.declared, max_seconds)


def _audio_track(path: Path, max_seconds: float) -> _Track | None:
    """Decode the audio track that MoviePy would take; None where the file has none."""
    form = ["-f", "s16le", "-ac", "1", "-ar", str(PROBE_RATE), "-"]
    answer = ffmpeg("-i", str(path), "-vn", "-t", str(max_seconds), *form)
    delivered = len(answer.stdout) / 2 / PROBE_RATE
    if not answer.stdout and answer.returncode != 0:
        if b"does not contain any stream" in answer.stderr:
            return None
        if not answer.stderr.startswith(b"Input #0") and b"\nInput #0" not in answer.stderr:
            raise OSError("ffmpeg cannot read the file")
    declared = duration_told(answer.stderr)
    # A writer that could not go back to the header leaves nothing there, or next to nothing.
    if declared is not None and declared < min(SHORTEST, delivered / 10):
        declared = None
    return _Track(declared, delivered, len(answer.stderr))


def _samples(path: Path, track: _Track, scratch: Path, max_seconds: float) -> np.ndarray:
    if track.declared is not None and track.complaints < MOST_COMPLAINTS:
        expected = min(track.declared, max_seconds)
        try:
            samples = _within(TIME_OUT, lambda: _by_moviepy(path, scratch, max_seconds))
            if abs(len(samples) / RATE - expected) < 2 * DURATION_STEP:
                return _without_filling(samples, track)
            log.warning("%s: MoviePy takes another duration than %.2f s", path, expected)
        # MoviePy's parser fails in as many ways as the words in a file can be odd.
        except Exception as error:
            log.warning("%s: MoviePy cannot read it: %r", path, error)
        # ffmpeg needs no scratch file, but its sound can differ from MoviePy's by a sample.
        require_space(scratch, int(min(expected, LONGEST_PROBE) * RATE) * BYTES_A_SAMPLE)
    return _by_ffmpeg(path, max_seconds)


def _within(seconds: float, work: Callable[[], np.ndarray]) -> np.ndarray:
    """Do work that may never end in a thread that can be left behind."""
    outcome: Future[np.ndarray] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome.result(seconds)


def _by_moviepy(path: Path, scratch: Path, max_seconds: float) -> np.ndarray:
    # A reader that fails to parse fails once more when it is collected; this call does not.
    ffmpeg_parse_infos(str(path))
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        wav = Path(folder) / "sound.wav"
        with AudioFileClip(str(path)) as whole:
            sound = whole.subclipped(0, min(whole.duration, max_seconds))
            sound.write_audiofile(str(wav), codec="pcm_s16le", logger=None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            return wavfile.read(wav)[1]


def _by_ffmpeg(path: Path, max_seconds: float) -> np.ndarray:
    form = ["-f", "s16le", "-ac", "2", "-ar", str(RATE), "-"]
    answer = ffmpeg("-i", str(path), "-vn", "-t", str(max_seconds), *form)
    samples = np.frombuffer(answer.stdout, dtype="<i2", count=len(answer.stdout) // 4 * 2)
    return np.clip(samples.reshape(-1, 2), -LOUDEST, LOUDEST)


def _without_filling(samples: np.ndarray, track: _Track) -> np.ndarray:
    """Leave off what the file does not really hold.

    MoviePy fills up with zeros what a broken or short track lacks of the container's duration. So
    a tail of zeros is either silence that was recorded or nothing at all; decoding told them
    apart.
    """
    heard = np.flatnonzero(samples.any(axis=1))
    tail = len(samples) - (int(heard[-1]) + 1 if len(heard) else 0)
    return samples if tail < SHORTEST * RATE else samples[: round(track.delivered * RATE)]


def _judged(samples: np.ndarray, declared: float | None, max_seconds: float) -> Waveform:
    seconds = len(samples) / RATE
    if seconds < SHORTEST:
        return Waveform("too_short", f"{seconds:.2f} s of sound")
    if seconds > max_seconds - SHORTEST and (declared is None or declared > max_seconds):
        whole = "" if declared is None else f" of {declared:.1f} s"
        reason = f"only the first {seconds:.1f} s{whole} are used (the time limit)"
        return Waveform("truncated", reason, samples, RATE)
    if ends_early(seconds, declared):
        reason = f"{seconds:.1f} s of sound in a clip of {declared:.1f} s"
        return Waveform("truncated", reason, samples, RATE)
    return Waveform("ok", "", samples, RATE)

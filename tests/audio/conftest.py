"""Small real sounds, made by ffmpeg."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devaflow.audio.tables import functional_table

# A pulse train at 150 Hz, as a voice is, with some of the vowel "a" in its decay.
VOICE = "aevalsrc='0.5*exp(-90*mod(t,1/150))*sin(2*PI*700*mod(t,1/150))':s=44100:d={seconds}"


@pytest.fixture
def sound(run_ffmpeg: Callable[..., None], tmp_path: Path) -> Callable[..., Path]:
    """Make `name` from lavfi sources, one input each, and further ffmpeg arguments."""

    def make(name: str, sources: list[str], *arguments: str) -> Path:
        inputs = [part for source in sources for part in ("-f", "lavfi", "-i", source)]
        run_ffmpeg(*inputs, *arguments, tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def voice() -> Callable[[float], str]:
    """The lavfi source of a voice of so many seconds."""
    return lambda seconds: VOICE.format(seconds=seconds)


@pytest.fixture
def measured():
    """Make a table of functionals from rows (video_id, clip_id, status, reason, four values)."""
    names = ["video_id", "clip_id", "status", "reason", "loudness", "jitter", "shimmer", "f0_hz"]
    return lambda *rows: functional_table([dict(zip(names, row, strict=True)) for row in rows])

"""Small real videos, made by ffmpeg."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devaflow.vision.openface_program import Program

PROJECT_ROOT = Path(__file__).parents[2]
MODEL = PROJECT_ROOT / "resources/models/face_landmarker.task"


@pytest.fixture
def ffmpeg(run_ffmpeg: Callable[..., None], tmp_path: Path) -> Callable[..., Path]:
    """Make `name` in the test's directory from ffmpeg arguments."""

    def make(name: str, *arguments: str) -> Path:
        run_ffmpeg(*arguments, tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def pattern(ffmpeg: Callable[..., Path]) -> Callable[..., Path]:
    """Make a faceless video of `seconds` at 25 frames a second."""

    def make(name: str, seconds: float, *arguments: str) -> Path:
        source = f"testsrc=size=160x120:rate=25:duration={seconds}"
        return ffmpeg(name, "-f", "lavfi", "-i", source, *arguments, "-g", "25")

    return make


@pytest.fixture
def portrait(ffmpeg: Callable[..., Path], tmp_path: Path) -> Path:
    """One second of a smiling face that does not move, with the index in front (truncatable)."""
    data = pytest.importorskip("skimage.data", reason="scikit-image brings the portrait")
    cv2 = pytest.importorskip("cv2")
    picture = cv2.resize(data.astronaut()[0:260, 90:350], (480, 480))
    cv2.imwrite(str(tmp_path / "face.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    still = ["-loop", "1", "-framerate", "25", "-i", str(tmp_path / "face.png"), "-t", "1"]
    return ffmpeg("face.mp4", *still, "-g", "5", "-pix_fmt", "yuv420p", "-movflags", "+faststart")


@pytest.fixture(scope="session")
def model() -> Path:
    if not MODEL.is_file():
        pytest.skip(f"no face landmarker model at {MODEL}")
    return MODEL


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """is_alive(process): whether it runs; one that has ended and was not waited for does not."""

    def ask(process: int) -> bool:
        try:
            return " Z " not in Path(f"/proc/{process}/stat").read_text()
        except FileNotFoundError:
            return False

    return ask


@pytest.fixture
def openface(install_openface: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A program that behaves as OpenFace was measured to."""
    return install_openface(tmp_path / "OpenFace/bin/FeatureExtraction")


@pytest.fixture
def models(openface: Path) -> Path:
    """The folder model/ beside the program, as it is without the CEN models."""
    folder = openface.parent / "model"
    (folder / "patch_experts").mkdir(parents=True)
    (folder / "main_ceclm_general.txt").touch()
    (folder / "main_clnf_general.txt").touch()
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Program]:
    """Make a shell script that stands where OpenFace should be."""

    def make(text: str) -> Program:
        path = tmp_path / "FeatureExtraction"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return Program.locate(str(path), None, 10)

    return make

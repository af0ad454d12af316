import shutil

import pytest


@pytest.fixture
def copy(minilm, tmp_path):
    """A copy of the packaged model that a test may spoil."""
    folder = tmp_path / "model"
    shutil.copytree(minilm, folder)
    return folder

"""What is fetched once: without a package index the run ends, and says what to do."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_cannot_be_fetched_ends_the_run_with_the_remedy(new_run, few_videos, tmp_path):
    model = tmp_path / "resources/models/face_landmarker.task"
    for part in ("workflow", "config", "profiles"):
        shutil.copytree(ROOT / part, tmp_path / part)
    (tmp_path / "resources").mkdir()
    for name in ("Snakefile", "resources/action_units.csv"):
        shutil.copy(ROOT / name, tmp_path / name)
    command = new_run("offline", few_videos).command(model)
    command[command.index(str(ROOT / "Snakefile"))] = str(tmp_path / "Snakefile")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    job = subprocess.run(
        command, env=os.environ | offline, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert job.returncode == 1, job.stderr
    assert "InputError" in job.stderr, job.stderr
    assert str(model) in job.stderr.split("With no package index")[1]
    assert not model.exists()

"""What is fetched once: where it cannot be the run ends; where it is, its date changes nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devaflow.encode.rated_sentences import ARCHIVE

ROOT = Path(__file__).parents[2]
RATED = {"source": "adapted", "id": "minilm", "max_tokens": 128, "adapt": {"sentences": None}}
TRAINED = "results/training/best/official/seed-42/bundle.pth"


@pytest.fixture
def checkout(tmp_path):
    """A copy of the workflow, with a folder of fetched models that is still empty."""
    for part in ("workflow", "config", "profiles", "envs"):
        shutil.copytree(ROOT / part, tmp_path / part)
    (tmp_path / "resources/models").mkdir(parents=True)
    for name in ("Snakefile", "resources/action_units.csv"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def in_checkout(run, checkout):
    """The same run with the workflow of another checkout."""
    command = run.command
    own = {str(ROOT / "Snakefile"): str(checkout / "Snakefile")}
    run.command = lambda *arguments: [own.get(part, part) for part in command(*arguments)]
    return run


def test_what_cannot_be_fetched_ends_the_run_with_the_remedy(new_run, few_videos, checkout):
    model = checkout / "resources/models/face_landmarker.task"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    job = subprocess.run(
        in_checkout(new_run("offline", few_videos), checkout).command(model),
        env=os.environ | offline,
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert job.returncode == 1, job.stderr
    assert "InputError" in job.stderr, job.stderr
    assert str(model) in job.stderr.split("With no package index")[1]
    assert not model.exists()


def test_a_new_date_of_rated_sentences_adapts_nothing_again(new_run, few_videos, checkout):
    """Where the archive is absent it is fetched for an adaptation, and what follows runs."""
    settings = {
        "protocols": ["official"],
        "encoders": {"rated": RATED},
        "variants": {"best": {"members": [{"encoder": "rated", "context": 0}]}},
    }
    run = in_checkout(new_run("rated", few_videos, **settings), checkout)
    (checkout / "resources/models/face_landmarker.task").touch()
    follows = {"adapt_encoder", "locate_encoder", "finetune"}
    assert {"fetch_rated_sentences", *follows} <= run.planned(TRAINED).keys(), "nothing is there"
    archive = checkout / "resources/models" / ARCHIVE
    archive.write_bytes(bytes(2 * 2**20))  # of smaller files Snakemake compares the contents
    take_for_done(run, TRAINED)
    assert not run.planned(TRAINED)
    os.utime(archive)
    assert not run.planned(TRAINED)
    archive.unlink()
    assert not run.planned(TRAINED), "nothing needs it"
    longer = RATED | {"adapt": {"sentences": None, "epochs": 2}}
    run.configure(**settings | {"encoders": {"rated": longer}})
    again = run.planned(TRAINED)
    assert {"fetch_rated_sentences", *follows} <= again.keys()
    assert not {"extract_vision", "encode text"} & again.keys()


def take_for_done(run, target):
    """Make empty files of all that leads to `target`, which Snakemake takes for finished."""
    for line in run.snakemake("--summary", target).splitlines():
        if line.startswith("results/"):
            file = run.folder / line.split("\t")[0]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    run.snakemake("--touch", "--forceall", target)

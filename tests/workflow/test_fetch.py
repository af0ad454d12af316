"""What is fetched once: where it cannot be the run ends; where it is, its date changes nothing."""

import os
import subprocess
from pathlib import Path

from devaflow.encode.rated_sentences import ARCHIVE

ROOT = Path(__file__).parents[2]
RATED = {"source": "adapted", "id": "minilm", "max_tokens": 128, "adapt": {"sentences": None}}
TRAINED = "results/training/best/official/seed-42/bundle.pth"


def test_what_cannot_be_fetched_ends_the_run_with_the_remedy(new_run, few_videos, checkout):
    model = checkout / "resources/models/face_landmarker.task"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    job = subprocess.run(
        new_run("offline", few_videos).by(checkout).command(model),
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
    run = new_run("rated", few_videos, **settings).by(checkout)
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

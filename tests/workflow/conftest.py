import csv
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "resources" / "demo"
# Enough to see that training works; the demo's own numbers are the README's business.
QUICK = {
    "variants": {
        name: {"training": {"epochs": 3, "learning_rate": 0.0002}}
        for name in ("baseline", "roberta", "optimized")
    },
    "bootstrap_samples": 100,
}


@dataclass
class Run:
    """A working directory with a corpus and a configuration of its own."""

    folder: Path

    def configure(self, **changes):
        """Write config.yaml: the quick settings and `changes`, which are merged key by key."""
        corpus = {"corpus": {"labels": "label.csv", "clips": "clips"}}
        (self.folder / "config.yaml").write_text(
            yaml.safe_dump(merged(merged(QUICK, corpus), changes))
        )

    def command(self, *arguments):
        """The command that runs the workflow here."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        command += ["--configfile", str(self.folder / "config.yaml")]
        return [*command, "--directory", str(self.folder), "--cores", "2", *map(str, arguments)]

    def snakemake(self, *arguments, check=True, before=None):
        """Run the workflow here; give what it printed. `before` is called in its process."""
        job = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=before,
        )
        assert not check or job.returncode == 0, job.stdout[-6000:]
        return job.stdout

    def planned(self, *arguments):
        """Rule -> number of jobs that a dry run plans."""
        printed = self.snakemake("--dry-run", *arguments)
        return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", printed, re.M)}

    def add_corpus(self, keep):
        """Copy the rows and clips of the demo corpus for which keep(row) is true."""
        with open(DEMO / "label.csv", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if keep(row)]
        self.write_labels(rows)
        for row in rows:
            self.copy_clip(row["video_id"], row["clip_id"])
        return rows

    def write_labels(self, rows):
        """Write label.csv."""
        with open(self.folder / "label.csv", "w", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def copy_clip(self, video_id, clip_id):
        """Copy a demo clip, where there is one."""
        clip = Path("clips") / video_id / f"{clip_id}.mp4"
        (self.folder / clip).parent.mkdir(parents=True, exist_ok=True)
        if (DEMO / clip).exists():
            shutil.copy(DEMO / clip, self.folder / clip)


def merged(below, above):
    """Two configurations, merged key by key; `above` wins."""
    result = dict(below)
    for key, value in above.items():
        inner = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if inner else value
    return result


@pytest.fixture(scope="session")
def new_run(tmp_path_factory):
    """Make a working directory: new_run(name, keep, **configuration)."""

    def make(name, keep, **configuration):
        run = Run(tmp_path_factory.mktemp(name))
        run.configure(**configuration)
        run.rows = run.add_corpus(keep)
        return run

    return make


@pytest.fixture(scope="session")
def demo():
    """The folder of the demo corpus."""
    return DEMO


@pytest.fixture(scope="session")
def demo_labels():
    """The rows of the demo corpus's label.csv."""
    with open(DEMO / "label.csv", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="session")
def few_videos(demo_labels):
    """keep(row): the first four clips of two training, one validation and one test video."""
    wanted = {"train": 2, "valid": 1, "test": 1}
    videos = {}
    for row in demo_labels:
        videos.setdefault(row["video_id"], row["mode"])
    chosen = {
        video
        for mode, count in wanted.items()
        for video in [v for v, m in videos.items() if m == mode][:count]
    }
    clips = {
        video: [r["clip_id"] for r in demo_labels if r["video_id"] == video][:4] for video in chosen
    }
    return lambda row: row["clip_id"] in clips.get(row["video_id"], [])


@pytest.fixture(scope="session")
def few_videos_done(new_run, few_videos):
    """A finished run over a few videos: `snakemake results/metrics_optimized.json`."""
    run = new_run("done", few_videos)
    run.snakemake("results/metrics_optimized.json")
    return run


@pytest.fixture
def copy_of(tmp_path):
    """A copy of a finished run that a test may change; files keep their times."""

    def copy(run):
        folder = tmp_path / "copy"
        shutil.copytree(run.folder, folder, copy_function=shutil.copy2, symlinks=True)
        os.utime(folder)
        other = Run(folder)
        other.rows = run.rows
        return other

    return copy

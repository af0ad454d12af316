import csv
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from devaflow.model.settings import overlaid

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "resources" / "demo"
# Enough to see that training works; the demo's own numbers are the README's business.
QUICK = {
    "variants": {
        name: {"training": {"epochs": 3, "learning_rate": 0.0002}}
        for name in ("baseline", "roberta", "optimized")
    }
    | {"best": {"members": [{"context": 0}], "training": {"epochs": 1}}},
    "bootstrap_samples": 100,
}


@dataclass
class Run:
    """A working directory with a corpus and a configuration of its own."""

    folder: Path
    checkout: Path = ROOT

    def by(self, checkout):
        """The same run with the workflow of another checkout."""
        return replace(self, checkout=checkout)

    def configure(self, **changes):
        """Write config.yaml: the quick settings and `changes`, which are merged key by key."""
        corpus = {"corpus": {"labels": "label.csv", "clips": "clips"}}
        config = overlaid(QUICK | corpus, changes)
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config))

    def command(self, *arguments):
        """The command that runs the workflow here."""
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(self.checkout / "Snakefile"),
        ]
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
        """Rule -> number of planned jobs; those of encode by modality, such as 'encode text'."""
        printed = self.snakemake("--dry-run", *arguments)
        planned = Counter({r: int(n) for r, n in re.findall(r"^(\w+) +(\d+)$", printed, re.M)})
        if planned.pop("encode", 0):
            words = re.findall(r"^ +wildcards: .*\bwords=([a-z]+)", printed, re.M)
            planned.update(f"encode {modality}" for modality in words)
        return planned

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


class Faults:
    """Makes faulty clips out of a sound one; every method is named after its fault."""

    def __init__(self, ffmpeg, sound, long, folder):
        self.ffmpeg, self.sound, self.long, self.folder = ffmpeg, sound, long, folder

    def make(self, fault):
        maker = getattr(self, f"_{fault}")
        maker(self.folder / f"{fault}.mp4")

    def filtered(self, path, *arguments, audio=("-c:a", "copy")):
        self.ffmpeg("-i", self.sound, *arguments, *audio, path)

    def beginning(self, path, whole):
        path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    def _random_bytes(self, path):
        path.write_bytes(random.Random(0).randbytes(20_000))

    def _text_named_mp4(self, path):
        path.write_text("This is no video.\n" * 100)

    def _empty(self, path):
        path.touch()

    def _truncated_mp4(self, path):
        self.beginning(path, self.long)

    def _truncated_mp4_without_index(self, path):
        self.ffmpeg("-i", self.sound, "-c", "copy", path)
        self.beginning(path, path)

    def _truncated_avi(self, path):
        whole = path.with_suffix(".whole")
        self.ffmpeg("-i", self.long, "-c:v", "mpeg4", "-c:a", "pcm_s16le", "-f", "avi", whole)
        self.beginning(path.with_suffix(".avi"), whole)

    def _truncated_webm(self, path):
        whole = path.with_suffix(".whole")
        codecs = ["-c:v", "libvpx", "-c:a", "libopus"]
        self.ffmpeg("-i", self.long, *codecs, "-deadline", "realtime", "-f", "webm", whole)
        self.beginning(path.with_suffix(".webm"), whole)

    def _bit_flipped(self, path):
        content, chance = bytearray(self.sound.read_bytes()), random.Random(3)
        for _ in range(5):
            place = chance.randrange(content.index(b"mdat") + 1000, len(content))
            content[place] ^= 1 << chance.randrange(8)
        path.write_bytes(content)

    def _no_audio_track(self, path):
        self.filtered(path, "-c:v", "copy", audio=["-an"])

    def _no_video_track(self, path):
        self.filtered(path, "-vn")

    def _silence(self, path):
        self.filtered(path, "-c:v", "copy", audio=["-af", "volume=0"])

    def _one_frame(self, path):
        self.filtered(path, "-frames:v", 1, audio=["-af", "atrim=end=0.04"])

    def _20_ms(self, path):
        self.filtered(path, "-r", 50, "-t", 0.02, audio=[])

    def _variable_frame_rate(self, path):
        kept = "select='not(mod(n,3))+gt(n,12)'"
        self.filtered(path, "-vf", kept, "-fps_mode", "vfr")

    def _rotated(self, path):
        lying = path.with_suffix(".lying.mov")
        self.filtered(lying, "-vf", "transpose=clock")
        self.ffmpeg("-display_rotation", 90, "-i", lying, "-c", "copy", path)
        lying.unlink()

    def _4k(self, path):
        self.filtered(path, "-vf", "scale=3840:2160", "-r", 5, "-preset", "ultrafast")

    def _too_large(self, path):
        self.filtered(path, "-vf", "scale=4200:4200", "-r", 5, "-preset", "ultrafast")

    def _two_faces(self, path):
        self.filtered(path, "-vf", "split[a][b];[a][b]hstack")

    def _face_leaves(self, path):
        self.filtered(path, "-vf", "pad=720:240:0:0,crop=240:240:'min(480,t*720)':0")

    def _no_face(self, path):
        self.filtered(path, "-vf", "drawbox=color=gray:thickness=fill")

    def _avi_named_mp4(self, path):
        self.filtered(path, "-c:v", "mpeg4", "-f", "avi", audio=["-c:a", "pcm_s16le"])

    def _link(self, path):
        path.symlink_to(self.sound)

    def _broken_link(self, path):
        path.symlink_to("nowhere")

    def _link_to_a_folder(self, path):
        path.symlink_to(self.folder)

    def _folder(self, path):
        path.mkdir()

    def _no_file(self, path):
        pass

    def _no_permission(self, path):
        shutil.copy(self.sound, path)
        path.chmod(0)


@pytest.fixture(scope="session")
def faults(run_ffmpeg):
    """The maker of faulty clips: faults(sound clip, longer one, folder).make(fault)."""
    return partial(Faults, run_ffmpeg)


@pytest.fixture(scope="session")
def cut_clip(run_ffmpeg):
    """Cut 20 frames out of a clip, with its index in front: cut_clip(source, path)."""

    def cut(source, path):
        excerpt = ["-ss", "0.4", "-i", source, "-t", "0.8", "-frames:v", "20", "-g", "5"]
        run_ffmpeg(*excerpt, "-movflags", "+faststart", path)

    return cut


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


@pytest.fixture
def checkout(tmp_path):
    """A copy of the workflow, with a folder of fetched models that is still empty."""
    folder = tmp_path / "checkout"
    for part in ("workflow", "config", "profiles", "envs"):
        shutil.copytree(ROOT / part, folder / part)
    (folder / "resources/models").mkdir(parents=True)
    for name in ("Snakefile", "requirements.lock", "resources/action_units.csv"):
        shutil.copy(ROOT / name, folder / name)
    return folder

"""Kill the workflow at random moments, run it again; compare with an undisturbed run.

    python benchmarks/interruption.py --json interruption.json

A corpus of 16 demo clips is run once undisturbed. Then, again and again: start, SIGKILL at a random
moment, run plainly again, until as many kills are made as asked for. When a run gets to its end,
every result must have the bytes of the undisturbed one, and what was finished before a kill must
be the same file as then. Not compared: results/logs (times of day) and results/benchmarks
(seconds, memory), which no two runs have alike.
"""

import argparse
import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "resources" / "demo"
TARGET = "results/metrics_optimized.json"
UNCOMPARED = ("logs", "benchmarks")
KINDS = ("main process", "process group", "one job")
# Seconds to a kill, at most, as a share of an undisturbed run: several kills go into one run.
LONGEST = 0.3
QUICK = {
    "corpus": {"labels": "label.csv", "clips": str(DEMO / "clips")},
    "variants": {"optimized": {"training": {"epochs": 3}}},
    "protocols": ["official"],
    "bootstrap_samples": 100,
}


class Workflow:
    """A working directory with a small corpus: four clips of each of four videos."""

    def __init__(self, folder: Path, cores: int) -> None:
        """Set up `folder`."""
        self.folder, self.log = folder, folder.parent / "run.log"
        command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
        command += ["--configfile", "config.json", "--directory", folder, "--cores", cores, TARGET]
        self.command = [str(part) for part in command]
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(QUICK))
        rows = pd.read_csv(DEMO / "label.csv", dtype=str, keep_default_na=False)
        by_mode = rows.drop_duplicates("video_id").groupby("mode")["video_id"]
        wanted = {"train": 2, "valid": 1, "test": 1}
        videos = pd.concat([by_mode.get_group(mode).head(n) for mode, n in wanted.items()])
        rows = rows[rows["video_id"].isin(videos)].groupby("video_id").head(4)
        rows.to_csv(folder / "label.csv", index=False)

    def start(self) -> subprocess.Popen:
        """Start it in a process group of its own; what it prints goes to run.log."""
        with self.log.open("w") as stream:
            return subprocess.Popen(
                self.command, cwd=self.folder, stdout=stream, stderr=stream, start_new_session=True
            )

    def files(self) -> dict[str, Path]:
        """All results that are compared."""
        found = {str(p.relative_to(self.folder)): p for p in self.folder.glob("results/**/*")}
        return {
            name: path
            for name, path in found.items()
            if path.is_file() and path.parts[-1][0] != "." and name.split("/")[1] not in UNCOMPARED
        }

    def contents(self) -> dict[str, bytes]:
        """Their bytes."""
        return {name: path.read_bytes() for name, path in self.files().items()}

    def finished(self) -> dict[str, tuple[int, int]]:
        """Those that Snakemake holds for finished, with their inodes and times."""
        stats = {name: path.stat() for name, path in self.files().items()}
        begun = {mark.name for mark in self.folder.glob(".snakemake/incomplete/**/*")}
        return {
            name: (stat.st_ino, stat.st_mtime_ns)
            for name, stat in stats.items()
            if base64.urlsafe_b64encode(name.encode()).decode() not in begun
        }

    def outcome(self, before: dict, whole: dict) -> dict:
        """What became of the files that were finished before, and of all results."""
        now, contents = self.finished(), self.contents()
        names = contents.keys() | whole.keys()
        return {
            "finished": len(before),
            "done_again": sorted(name for name in before if now.get(name) != before[name]),
            "differ": sorted(name for name in names if contents.get(name) != whole.get(name)),
            "leftovers": len(list(self.folder.glob("results/**/.part.*"))),
        }


def kill(kind: str, run: subprocess.Popen, chance: random.Random) -> bool:
    """Send SIGKILL; False where the run has ended by itself before there was anything to kill."""
    while run.poll() is None:
        if kind == "main process":
            run.kill()
        elif kind == "process group":
            os.killpg(run.pid, signal.SIGKILL)
        elif jobs := jobs_of(run):
            os.kill(chance.choice(jobs), signal.SIGKILL)
        else:
            time.sleep(0.02)
            continue
        return True
    return False


def jobs_of(run: subprocess.Popen) -> list[int]:
    """The jobs that a run has started and that still work."""
    try:
        threads = Path(f"/proc/{run.pid}/task").glob("*/children")
        return [int(pid) for children in threads for pid in children.read_text().split()]
    except OSError:
        return []


def killed_runs(folder: Path, given: argparse.Namespace, longest: float, whole: dict) -> list[dict]:
    """One row for each kill: its kind and second, and what plain runs made of it afterwards."""
    chance = random.Random(given.seed)
    kinds = [KINDS[number % len(KINDS)] for number in range(given.moments)]
    chance.shuffle(kinds)
    rows: list[dict] = []
    while len(rows) < len(kinds):
        workflow, kills = Workflow(folder / f"from-{len(rows)}", given.cores), []
        ended = None
        while ended is None:
            run, second = workflow.start(), chance.uniform(0, longest)
            number = len(rows) + len(kills)
            try:
                ended = run.wait(second if number < len(kinds) else None)
            except subprocess.TimeoutExpired:
                if kill(kinds[number], run, chance):
                    kills.append((kinds[number], second, workflow.finished()))
                    say(f"{number + 1}. {kinds[number]} after {second:.1f} s")
                    run.wait()
                else:
                    ended = run.wait()
        for kind, second, before in kills:
            row = {"kind": kind, "second": round(second, 2), "exit": ended}
            rows.append(row | workflow.outcome(before, whole))
        say(f"a plain run ends with {ended} {workflow.log.read_text()[-2000:] if ended else ''}")
        shutil.rmtree(workflow.folder)
    return rows


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def undisturbed(folder: Path, cores: int) -> tuple[dict[str, bytes], float, int]:
    """Results of a run from beginning to end, its seconds, and the bytes that it takes."""
    workflow, begin = Workflow(folder / "undisturbed", cores), time.monotonic()
    if workflow.start().wait():
        sys.exit(workflow.log.read_text())
    seconds, whole = time.monotonic() - begin, workflow.contents()
    needed = sum(path.stat().st_blocks * 512 for path in workflow.folder.rglob("*"))
    say(f"undisturbed: {seconds:.0f} s, {len(whole)} results, {needed} bytes")
    return whole, seconds, needed


def arguments(what: str) -> argparse.ArgumentParser:
    """What both measurements take."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write all rows here")
    return parser


def report(rows: list[dict], by: str, file: Path | None) -> int:
    """Print a table and write the rows; the exit code says whether all is well."""
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n")
    table = pd.DataFrame(rows).map(lambda cell: len(cell) if isinstance(cell, list) else cell)
    table["failed"] = table["exit"] != 0
    columns = ["finished", "done_again", "differ", "leftovers", "failed"]
    groups = table.groupby(by, sort=False)
    print(pd.concat([groups.size().rename("times"), groups[columns].sum()], axis=1).to_string())
    return int(table[columns[1:]].to_numpy().any())


def main() -> int:
    """Measure, print, and tell by the exit code whether all is well."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=30, help="how many kills")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="interruption-") as name:
        whole, seconds, _ = undisturbed(Path(name), given.cores)
        rows = killed_runs(Path(name), given, LONGEST * seconds, whole)
    return report(rows, "kind", given.json)


if __name__ == "__main__":
    sys.exit(main())

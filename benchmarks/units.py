"""How long the extraction of the same demo clips takes clip by clip and video by video.

    python benchmarks/units.py [VIDEOS]

Each unit is a process of its own, as a job is, without Snakemake. Processor time is compared, and
the two ways alternate, video by video, so that other work on the machine matters little. The tables
must be equal.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "resources/models/face_landmarker.task"
SETUP = "import sys; from pathlib import Path; from devaflow.corpus.clips import Clip; "
SETUP += "from devaflow.files import write_table; "
SETUP += "clips = [Clip('v', Path(p).stem, Path(p)) for p in sys.argv[2:]]; "
PROGRAMS = {
    "vision (mediapipe)": "from devaflow.vision.landmarker import extract; "
    f"frames, _ = extract(clips, {str(MODEL)!r}); write_table(sys.argv[1], frames)",
    "audio (opensmile)": "from devaflow.audio.functionals import extract; "
    "write_table(sys.argv[1], extract(clips, Path(sys.argv[1]).parent))",
}


def main() -> None:
    """Print, for each modality, both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=int, nargs="?", default=16)
    folders = sorted((ROOT / "resources/demo/clips").iterdir())[: parser.parse_args().videos]
    count = sum(len(list(folder.glob("*.mp4"))) for folder in folders)
    print(f"{len(folders)} videos, {count} clips")
    for name, program in PROGRAMS.items():
        by_clip = by_video = 0.0
        for folder in folders:
            clips = sorted(folder.glob("*.mp4"))
            seconds, alone = measure(program, [[clip] for clip in clips])
            by_clip += seconds
            seconds, together = measure(program, [clips])
            by_video += seconds
            if not together.equals(alone):
                raise SystemExit(f"{name}: {folder.name} differs between the two units")
        print(
            f"{name}: by clip {by_clip:.0f} s of CPU, by video {by_video:.0f} s, "
            f"{by_clip / by_video:.2f} times as much by clip; tables equal"
        )


def measure(program: str, units: list[list[Path]]) -> tuple[float, pd.DataFrame]:
    """Extract each unit in a process of its own; return the seconds and the tables together."""

    tables, seconds = [], 0.0
    for unit in units:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.parquet"
            command = [sys.executable, "-c", SETUP + program, str(path), *map(str, unit)]
            began = processor_time()
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            seconds += processor_time() - began
            tables.append(pd.read_parquet(path))
    filled = [table for table in tables if len(table)] or tables[:1]
    return seconds, pd.concat(filled, ignore_index=True)


def processor_time() -> float:
    """Seconds that processors have spent on the processes that this one started and ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()

"""Let the workflow's disk fill up, make room, run again; compare with an undisturbed run.

    python benchmarks/full_disk.py --json full_disk.json

Everything that a run writes goes to a small tmpfs (Linux, root). A run that fills it must fail,
name the reason, and leave nothing that looks finished and is not; with room, a plain run must give
the bytes of the undisturbed one and do nothing again.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from interruption import Workflow, arguments, report, say, undisturbed

# Shares of the bytes that a run needs; a model bundle is almost half of them.
SHARES = (0.003, 0.01, 0.05, 0.3, 0.8)


def full_disk(disk: Path, cores: int, share: float, needed: int, whole: dict) -> dict:
    """Run on a tmpfs that holds `share` of the bytes that are needed; then make room, run again."""
    workflow = Workflow(disk, cores)
    used = shutil.disk_usage(disk).used
    resize(disk, used + int(share * needed))
    failed, named = workflow.start().wait(), "No space left" in workflow.log.read_text()
    before, contents = workflow.finished(), workflow.contents()
    resize(disk, used + 3 * needed)
    row = {"share": share, "failed": failed, "named": named, "exit": workflow.start().wait()}
    row |= workflow.outcome(before, whole)
    row["wrong"] = sorted(name for name in before if contents[name] != whole.get(name))
    say(f"disk of {share:.1%}: {row}")
    return row


def resize(disk: Path, size: int) -> None:
    """Give a tmpfs another size, in bytes."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def main() -> int:
    """Measure, print, and tell by the exit code whether all is well."""
    given = arguments(__doc__.splitlines()[0]).parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="full-disk-") as name:
        disk = Path(name) / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(disk)]
        whole, _, needed = undisturbed(Path(name), given.cores)
        for share in SHARES:
            if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
                say("SKIPPED: no tmpfs may be mounted here (needs Linux and root)")
                return 0
            try:
                rows.append(full_disk(disk, given.cores, share, needed, whole))
            finally:
                subprocess.run(["umount", str(disk)], check=True)
    wrong = any(row["wrong"] or not row["failed"] or not row["named"] for row in rows)
    return report(rows, "share", given.json) or int(wrong)


if __name__ == "__main__":
    sys.exit(main())

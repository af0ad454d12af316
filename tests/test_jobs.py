import os
import pty
import subprocess
import sys

import pytest

JOB = """
import os, sys
from devaflow.jobs import log, logged, progress
with logged(sys.argv[1]):
    print("printed")
    os.write(2, b"from a library\\n")
    log.info("told")
    for _ in progress(range(3), "counting", "clips"):
        pass
    {end}
"""


@pytest.fixture
def run(tmp_path):
    def run_job(end="pass", **options):
        path = tmp_path / "logs" / "job.log"
        command = [sys.executable, "-c", JOB.format(end=end), str(path)]
        return subprocess.run(command, **options), path

    return run_job


def test_all_output_of_a_job_is_in_its_log_and_no_progress_bar(run):
    job, path = run(capture_output=True, text=True)
    assert (job.returncode, job.stdout, job.stderr) == (0, "", "")
    content = path.read_text()
    assert "printed" in content
    assert "from a library" in content
    assert "INFO told" in content
    assert "counting" not in content


def test_an_uncaught_exception_is_in_the_log_and_its_last_line_on_the_terminal(run):
    job, path = run(end="raise KeyError('face')", capture_output=True, text=True)
    assert job.returncode == 1
    assert "Traceback" in path.read_text()
    assert job.stderr == f"KeyError: 'face'\n(log: {path})\n"


def test_progress_is_shown_on_a_terminal(run):
    ours, theirs = pty.openpty()
    _, path = run(stderr=theirs)
    assert b"counting" in os.read(ours, 10_000)
    assert "counting" not in path.read_text()

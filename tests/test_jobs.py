import os
import pty
import select
import signal
import subprocess
import sys

import pytest

from devaflow.jobs import shown

PARENT = """
import subprocess, sys
job = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], stdout=subprocess.PIPE)
print(job.stdout.readline().decode(), flush=True)
input()
"""
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


def test_what_is_announced_is_in_the_log_and_on_the_terminal_whatever_a_file_is_called(run):
    end = "from devaflow.jobs import announce; announce('Zoë, ' + os.fsdecode(b'caf\\xe9'))"
    job, path = run(end=end, capture_output=True, encoding="utf-8")
    assert job.stderr == "Zoë, caf\\xe9\n"
    assert "Zoë, caf\\xe9" in path.read_text()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Zoë \N{GRINNING FACE}\n", "Zoë \N{GRINNING FACE}\n"),
        ("\x1b[2J\r", r"\x1b[2J\r"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202e4pm.b", r"a\u202e4pm.b"),
    ],
)
def test_no_name_of_a_file_steers_the_terminal(name, written):
    assert shown(name) == shown(shown(name)) == written


def test_progress_is_shown_on_a_terminal(run):
    ours, theirs = pty.openpty()
    _, path = run(stderr=theirs)
    assert b"counting" in os.read(ours, 10_000)
    assert "counting" not in path.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end a job with its parent")
def test_a_job_ends_with_the_process_that_started_it(tmp_path):
    end = "os.write(terminal.get(), f'{os.getpid()}\\n'.encode()); __import__('time').sleep(60)"
    job = JOB.format(end=end).replace("logged, progress", "logged, progress, terminal")
    job = "import os; os.dup2(1, 2)\n" + job
    command = [sys.executable, "-c", PARENT, job, str(tmp_path / "job.log")]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    running = os.pidfd_open(int(parent.stdout.readline()))
    assert not select.select([running], [], [], 0)[0]
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert select.select([running], [], [], 30)[0], "the job works on"
    os.close(running)

import errno
import subprocess
import sys

import pytest

from devaflow.errors import InputError
from devaflow.locks import JOBS, RUN, hold_job, hold_run

PROGRAM = """
import subprocess, sys
from pathlib import Path
from devaflow.errors import InputError
from devaflow.locks import hold_job, hold_run
try:
    {call}(Path(sys.argv[1]))
except InputError as error:
    sys.exit(str(error))
sleeper = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL) if {child} else None
print(sleeper and sleeper.pid, flush=True)
input()
"""


@pytest.fixture
def holder(tmp_path):
    """Start a process that holds a lock; it is ready when this returns."""
    started = []

    def start(call, child=False, stdin=subprocess.PIPE):
        code = PROGRAM.format(call=call, child=child)
        process = subprocess.Popen(
            [sys.executable, "-c", code, tmp_path],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_run_in_a_folder_is_refused_until_the_first_is_killed(holder, tmp_path):
    first = holder("hold_run", child=True)
    sleeper = int(first.stdout.readline())
    second = holder("hold_run")
    assert second.wait() == 1
    said = second.stderr.read()
    assert "another run works here" in said
    assert str(tmp_path) in said
    first.kill()
    first.wait()
    third = holder("hold_run")
    assert third.stdout.readline() == "None\n", "what the first has started holds no lock"
    subprocess.run(["kill", str(sleeper)], check=True)


def test_a_run_waits_for_the_jobs_that_a_killed_one_left_behind(holder, tmp_path):
    (tmp_path / JOBS).touch()
    first = holder("hold_job")
    first.stdout.readline()
    second = holder("hold_job")
    second.stdout.readline()
    first.kill()
    first.wait()
    run = holder("hold_run", stdin=subprocess.DEVNULL)  # were it not to wait, it would end
    assert "left behind" in run.stderr.readline()
    assert run.poll() is None
    second.kill()
    assert run.stdout.readline() == "None\n"


def test_jobs_of_one_run_do_not_wait_for_each_other(holder, tmp_path):
    holder("hold_run").stdout.readline()
    for _ in range(2):
        assert holder("hold_job").stdout.readline() == "None\n"


def test_a_job_without_a_run_leaves_no_trace(tmp_path):
    hold_job(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_results_that_are_a_file_are_refused(tmp_path):
    results = tmp_path / "results"
    results.touch()
    with pytest.raises(InputError, match=r"results: this run cannot write there \(File exists\)"):
        hold_run(results)


@pytest.mark.parametrize("lock", [RUN, JOBS])
def test_a_lock_that_cannot_be_opened_is_told_of(lock, tmp_path):
    (tmp_path / lock).mkdir()
    with pytest.raises(
        InputError, match=r"cannot write there \(Is a directory\); allow it, or run"
    ):
        hold_run(tmp_path)


def test_where_there_are_no_locks_a_run_is_not_known_to_be_alone(tmp_path, monkeypatch, capfd):
    def unsupported(descriptor, kind):
        raise OSError(errno.ENOLCK, "No locks available")

    assert hold_run(tmp_path) is True
    monkeypatch.setattr("fcntl.flock", unsupported)
    assert hold_run(tmp_path / "other") is False
    hold_job(tmp_path)
    assert "no locks on this file system (No locks available)" in capfd.readouterr().err

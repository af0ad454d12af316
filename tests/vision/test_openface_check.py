import pytest

from devaflow.errors import InputError
from devaflow.vision.openface_check import check
from devaflow.vision.openface_program import Program


def test_a_check_identifies_the_program(openface):
    found = check(Program.locate(str(openface), None, 10))
    assert found["binary"] == str(openface)
    assert len(found["sha256"]) == 64


def test_models_that_vanish_fail_the_check_not_the_clips(openface, models):
    program = Program(str(openface), None, 10)
    with pytest.raises(
        InputError, match=r"landmark model.*missing: model/patch_experts/cen.*0\.25"
    ):
        check(program)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "echo 'x: error while loading shared libraries: libtbb.so.2: no'; exit 127",
            r"libtbb\.so",
        ),
        ("echo 'Permission denied'; exit 126", "cannot run here, it says: Permission denied"),
        ("exit 0", "wrote no table"),
        ("kill -ABRT $$", "SIGABRT"),
        ("echo 'Failed to open the video file at location: x'", "cannot open the video"),
        ("while getopts f:a:o: x; do :; done; exit 3", "ended with the code 3"),
    ],
)
def test_a_program_that_does_not_work_fails_the_check(script, text, message):
    with pytest.raises(InputError, match=message):
        check(script(text))


def test_a_table_without_action_units_is_not_openface_2_2(script):
    table = "frame, face_id, timestamp, confidence, success"
    text = f"echo '{table}' > $5/$7.csv; echo Postprocessing the Action Unit predictions"
    with pytest.raises(InputError, match="AU_predictors"):
        check(script(text))

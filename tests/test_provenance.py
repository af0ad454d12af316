import re
from pathlib import Path

from devaflow.provenance import PACKAGE, fingerprint, modules_of, training_environments

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
# The order of docs/design.md; those beside one another do not know each other.
STAGES = [{"corpus"}, {"vision", "audio", "text"}, {"encode"}, {"model"}, {"evaluate"}, {"report"}]


def names(script):
    return {str(path.relative_to(PACKAGE)) for path in modules_of(SCRIPTS / f"{script}.py")}


def test_the_modules_of_a_script_are_followed_through_their_imports():
    assert {"encode/encoder.py", "encode/states.py", "files.py"} <= names("encode")


def test_how_a_job_runs_is_no_reason_to_run_it_again():
    for script in SCRIPTS.glob("*.py"):
        assert not {"errors.py", "jobs.py", "locks.py", "packages.py"} & names(script.stem)


def test_other_words_for_a_face_do_not_measure_it_again():
    assert "vision/describe.py" not in names("extract_vision")


def test_a_stage_imports_only_what_lies_before_it():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == {stage for beside in STAGES for stage in beside} | {"demo"}
    before = set()
    for beside in STAGES:
        for stage in beside:
            source = "\n".join(path.read_text() for path in (PACKAGE / stage).glob("*.py"))
            imported = set(re.findall(r"^ *(?:from|import) devaflow\.(\w+)", source, re.M))
            assert imported & folders <= before | {stage}, stage
        before |= beside


def test_a_fingerprint_follows_the_content(tmp_path):
    one, two = tmp_path / "a.py", tmp_path / "b.py"
    one.write_text("1")
    two.write_text("2")
    before = fingerprint([one, two])
    assert fingerprint([two, one]) == before
    two.write_text("3")
    assert fingerprint([one, two]) != before


def test_a_fingerprint_of_code_does_not_follow_what_is_not_executed(tmp_path):
    code, table = tmp_path / "a.py", tmp_path / "a.csv"
    code.write_text("def f(x):\n    return x\n")
    before = fingerprint([code])
    code.write_text(
        '"""A module."""\n\ndef f(x):\n    """What it does."""\n    return (x)  # why\n'
    )
    assert fingerprint([code]) == before
    code.write_text("def f(x):\n    return x + 1\n")
    assert fingerprint([code]) != before
    table.write_text("a\n")
    before = fingerprint([table])
    table.write_text("a  # b\n")
    assert fingerprint([table]) != before


def test_trainings_on_several_machines_are_all_named():
    torch = {"torch": "2.13.0"}
    one = {"device": "CPU, AVX2", "versions": torch, "networks": [{"precision": "float32"}] * 2}
    two = {"device": "CPU, AVX512", "versions": torch, "networks": [{"precision": "bfloat16"}]}
    assert training_environments([two, one, two]) == [
        {"device": "CPU, AVX2", "precision": "float32", "versions": torch},
        {"device": "CPU, AVX512", "precision": "bfloat16", "versions": torch},
    ]


def test_trainings_before_and_after_an_update_are_told_apart():
    before = {"device": "CPU", "versions": {"torch": "1"}, "networks": [{"precision": "float32"}]}
    found = training_environments([before, before | {"versions": {"torch": "2"}}])
    assert [each["versions"]["torch"] for each in found] == ["1", "2"]

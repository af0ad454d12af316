from pathlib import Path

from devaflow.provenance import PACKAGE, fingerprint, machines, modules_of, versions

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"


def names(script):
    return {str(path.relative_to(PACKAGE)) for path in modules_of(SCRIPTS / f"{script}.py")}


def test_the_modules_of_a_script_are_followed_through_their_imports():
    assert {"encode/encoder.py", "encode/states.py", "files.py", "jobs.py"} <= names("encode")


def test_a_stage_does_not_know_the_others():
    assert not any(name.startswith(("audio", "model", "text")) for name in names("extract_vision"))
    assert not any(name.startswith(("vision", "model", "text")) for name in names("extract_audio"))
    assert "vision/describe.py" not in names("extract_vision")


def test_a_fingerprint_follows_the_content(tmp_path):
    one, two = tmp_path / "a.py", tmp_path / "b.py"
    one.write_text("1")
    two.write_text("2")
    before = fingerprint([one, two])
    assert fingerprint([two, one]) == before
    two.write_text("3")
    assert fingerprint([one, two]) != before


def test_versions_name_what_changes_numbers():
    assert versions()["torch"].startswith("2.13.0")


def test_trainings_on_several_machines_are_all_named():
    one = {"device": "CPU, AVX2", "networks": [{"precision": "float32"}] * 2}
    two = {"device": "CPU, AVX512", "networks": [{"precision": "bfloat16"}]}
    assert machines([two, one, two]) == [
        {"device": "CPU, AVX2", "precision": "float32"},
        {"device": "CPU, AVX512", "precision": "bfloat16"},
    ]

from devaflow.versions import versions


def test_what_changes_numbers_is_named():
    assert versions()["torch"].startswith("2.13.0")
    assert {"devaflow", "python", "transformers", "numpy"} <= versions().keys()

from devaflow.versions import TOOLS, tools_of, versions, versions_of


def test_what_changes_numbers_is_named():
    assert versions()["torch"].startswith("2.13.0")
    assert {"devaflow", "python", "transformers", "numpy"} <= versions().keys()


def test_a_backend_measures_with_packages_that_are_named():
    for backend, packages in TOOLS.items():
        assert tools_of(backend).keys() == set(packages)
    assert tools_of("precomputed") == {}


def test_an_environment_of_one_stage_lacks_the_packages_of_others():
    assert versions_of("numpy", "no-such-package").keys() == {"numpy"}

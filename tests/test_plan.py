import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from devaflow.errors import InputError
from devaflow.model.settings import overlaid
from devaflow.planning import make_plan
from devaflow.provenance import fingerprint, modules_of

ROOT = Path(__file__).parents[1]


def test_a_unit_knows_its_clips_and_their_files(config):
    Path("clips/v1/3.mp4").unlink()
    plan = make_plan(config, ROOT)
    assert plan.units("vision") == ["v0", "v1", "v2", "v3"]
    assert plan.clips_of("vision", "v1")[-1] == ["v1", "3", ""]
    assert plan.files_of("vision", "v1") == [f"clips/v1/{c}.mp4" for c in range(3)]


def test_the_unit_is_configured_per_modality(config):
    config["audio"]["unit"] = "clip"
    plan = make_plan(config, ROOT)
    assert len(plan.units("vision")) == 4
    assert plan.clips_of("audio", "v1/2") == [["v1", "2", "clips/v1/2.mp4"]]


def test_a_unit_has_time_for_each_of_its_clips(config):
    plan = make_plan(config, ROOT)
    assert plan.minutes("vision", "v1", clip=5, least=10) == 5 * len(plan.clips_of("vision", "v1"))
    assert plan.minutes("vision", "v1", clip=0.5, least=10) == 10


def test_files_are_read_at_20_mb_a_second_at_least(config, monkeypatch):
    plan = make_plan(config, ROOT)
    assert plan.minutes_to_checksum == 60
    monkeypatch.setattr("devaflow.plan.sizes", lambda files: [5_000_000_000] * len(files))
    assert plan.minutes_to_checksum == 67, "16 clips"


@pytest.mark.parametrize(("seconds", "megabytes"), [(60, 2500), (600, 10600)])
def test_sound_has_memory_for_the_longest_that_is_measured(config, seconds, megabytes):
    config["audio"]["limits"]["max_seconds"] = seconds
    assert make_plan(config, ROOT).sound_mb == megabytes


@pytest.fixture
def openface(config):
    """The configuration for OpenFace, whose program lies in the folder tools/."""
    Path("tools").mkdir()
    Path("tools/FeatureExtraction").touch(mode=0o755)
    config["vision"]["backend"] = "openface"
    config["vision"]["openface"]["binary"] = "tools/FeatureExtraction"
    return config


def test_openface_gets_a_job_a_clip_unless_told_otherwise(openface):
    assert len(make_plan(openface, ROOT).units("vision")) == 16
    openface["vision"]["unit"] = "video"
    assert len(make_plan(openface, ROOT).units("vision")) == 4


def test_openface_is_found_before_anything_runs(openface):
    plan = make_plan(openface, ROOT)
    assert plan.openface_files == [str(Path("tools/FeatureExtraction").resolve())]
    openface["vision"]["openface"]["model"] = "tools/main_clnf_general.txt"
    with pytest.raises(InputError, match=r"vision\.openface\.model.*main_clnf_general\.txt"):
        make_plan(openface, ROOT).require_tools()
    openface["vision"]["openface"] |= {"model": None, "binary": "tools/none"}
    with pytest.raises(InputError, match=r"tools/none.*algebr/openface"):
        make_plan(openface, ROOT).require_tools()


def test_the_file_of_a_container_stands_for_the_program_in_it(openface):
    Path("openface.sif").touch()
    openface["vision"]["openface"] |= {"binary": "/opt/FeatureExtraction"}
    openface["vision"]["openface"]["container"] = "openface.sif"
    assert make_plan(openface, ROOT).openface_files == [str(Path("openface.sif").absolute())]
    openface["vision"]["openface"]["container"] = "docker://algebr/openface"
    assert make_plan(openface, ROOT).openface_files == []


def test_openface_is_not_needed_by_other_backends(config):
    config["vision"]["openface"]["binary"] = "tools/none"
    assert make_plan(config, ROOT).openface_files == []


def test_a_protocol_that_cannot_be_trained_is_left_out_with_the_reason(config):
    plan = make_plan(config, ROOT)
    assert plan.protocols == ["random", "grouped"]
    assert "'valid'" in plan.untrainable["official"]


def test_no_protocol_at_all_is_an_error(config):
    config["protocols"] = ["official"]
    with pytest.raises(InputError, match=r"no protocol can be trained.*official"):
        make_plan(config, ROOT)


def test_a_folder_with_none_of_the_clips_is_an_error(config):
    config["corpus"]["layout"] = "raw/{video_id}/{clip_id}"
    with pytest.raises(InputError, match=r"16 clips, and none is there.*corpus\.layout"):
        make_plan(config, ROOT)


def test_precomputed_features_need_no_clips_but_their_tables(config):
    config["corpus"]["clips"] = None
    for stage in ("vision", "audio"):
        config[stage] |= {"backend": "precomputed", "precomputed": f"{stage}.csv"}
    with pytest.raises(InputError, match=r"vision\.csv: no such file"):
        make_plan(config, ROOT)
    Path("vision.csv").touch()
    Path("audio.csv").touch()
    assert make_plan(config, ROOT).data_files == ["vision.csv", "audio.csv"]


def test_the_configuration_of_cmu_mosi_reads_tables_by_their_paths_alone(config):
    mosi = yaml.safe_load((ROOT / "config/mosi.yaml").read_text())
    mosi["corpus"] = {"labels": "label.csv", "clips": "no/such/folder"}
    mosi["protocols"] = ["random"]
    for stage in ("vision", "audio"):
        Path(f"{stage}.csv").touch()
        mosi[stage]["precomputed"] = f"{stage}.csv"
    plan = make_plan(overlaid(config, mosi), ROOT)
    assert plan.data_files == ["vision.csv", "audio.csv"]
    assert plan.encoders_of("optimized") == ["mpnet-rated"]


def test_the_configuration_of_a_variant_leaves_the_others_out(config):
    plan = make_plan(config, ROOT)
    shown = plan.configuration_of("optimized")
    assert list(shown["variants"]) == ["optimized"]
    assert list(shown["encoders"]) == ["minilm"]
    assert not {"ablations", "search"} & shown.keys()


def test_seeds_from_the_command_line_come_as_text(config):
    assert make_plan(config | {"seeds": ["42", "43"]}, ROOT).config["seeds"] == [42, 43]


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("members", {"members": [{"context": 0}]}),
        ("model.frozen_layers", {"model": {"network": "devanet_optim", "frozen_layers": 2}}),
        ("model.context_tokens", {"model": {"network": "devanet", "context_tokens": 32}}),
    ],
)
def test_what_only_fine_tuning_has_is_refused_elsewhere(config, key, changed):
    config["variants"]["optimized"] |= changed
    with pytest.raises(InputError, match=rf"variants\.optimized\.{key}: only the network"):
        make_plan(config, ROOT)


def test_the_encoders_of_a_variant_are_its_own_and_its_members(rated):
    plan = make_plan(rated, ROOT)
    assert plan.encoders_of("best") == ["minilm", "rated"]
    assert plan.encoders == ["minilm", "rated"]
    assert set(plan.configuration_of("best")["encoders"]) == {"minilm", "rated"}
    rated["variants"]["optimized"]["encoder"] = "rated"
    shown = make_plan(rated, ROOT).configuration_of("optimized")["encoders"]
    assert set(shown) == {"minilm", "rated"}, "what it was adapted from belongs to it"


def test_networks_read_no_longer_than_the_shortest_of_their_encoders(rated):
    rated["encoders"]["rated"]["max_tokens"] = 64
    plan = make_plan(rated, ROOT)
    assert (plan.max_tokens("best"), plan.max_tokens("optimized")) == (64, 128)


def test_a_change_of_what_is_checked_trains_nothing_again():
    checks = {"config.py", "catalogue.py", "encoder_fit.py", "plan.py", "planning.py", "scoring.py"}
    scripts = {path.stem for path in (ROOT / "workflow/scripts").glob("*.py")}
    for script in scripts - {"doctor"}:  # which checks, and makes nothing
        read = {file.name for file in modules_of(ROOT / f"workflow/scripts/{script}.py")}
        assert "files.py" in read
        assert not checks & read, script


def test_the_order_of_keys_makes_no_difference(config):
    def reversed_(section):
        if not isinstance(section, dict):
            return section
        return {key: reversed_(section[key]) for key in reversed(section)}

    plan, other = make_plan(config, ROOT), make_plan(reversed_(config), ROOT)
    names = list(plan.config["variants"])
    assert list(other.config["variants"]) == names[::-1], "the first is what is compared with"
    for name in [*names, "optimized@T"]:
        assert repr(other.variant(name)) == repr(plan.variant(name))
        assert repr(other.configuration_of(name)) == repr(plan.configuration_of(name))
    for name in plan.config["encoders"]:
        assert repr(other.catalogue.spec(name)) == repr(plan.catalogue.spec(name))


def test_an_ablation_changes_what_is_trained_and_not_how_many_networks(config):
    plan = make_plan(config, ROOT)
    words = {name.partition("@")[2] for name in plan.ablations("optimized")}
    assert {"values", "words-and-values", "context-1"} <= words
    assert not {"words", "context-0"} & words, "it is so already"
    best = {name.partition("@")[2] for name in plan.ablations("best")}
    assert {"words", "values", "T"} <= best
    assert not {"context-0", "context-3"} & best, "two members would be the same network"


def test_only_what_a_variant_sees_is_hidden_from_it(config):
    plan = make_plan(config, ROOT)
    hidden = {"best@hide-T", "best@hide-A", "best@hide-V", "best@hide-A+V"}
    assert hidden <= set(plan.ablations("best"))
    assert not hidden & {*plan.finetuned, *plan.frozen}, "none of them is trained"
    config["variants"]["best"]["model"]["modalities"] = ["text", "audio"]
    assert hidden & set(make_plan(config, ROOT).ablations("best")) == {"best@hide-T", "best@hide-A"}
    config["variants"]["best"]["model"]["modalities"] = ["text"]
    assert not hidden & set(make_plan(config, ROOT).ablations("best")), "nothing would be left"


def test_all_ablations_of_a_variant_are_wanted_or_those_that_are_named(config):
    config["ablations"] = ["best@T", "optimized", "best@T+A", "optimized@T"]
    plan = make_plan(config, ROOT)
    every = ["optimized", *plan.ablations("optimized")]
    assert plan.ablated == ["best", "best@T", *every, "best@T+A"]


@pytest.mark.parametrize("ablation", ["text", "context-3", ""])
def test_an_ablation_that_a_variant_does_not_have_is_refused(config, ablation):
    config["ablations"] = [f"best@{ablation}"]
    with pytest.raises(InputError, match=rf"'best@{ablation}' is none, .* best are best@T, best@A"):
        make_plan(config, ROOT)


def test_no_metric_depends_on_which_model_scores(config):
    before = make_plan(config, ROOT).configuration_of("optimized")
    after = make_plan(config | {"model": "other.pth"}, ROOT).configuration_of("optimized")
    assert before == after


def test_the_code_of_a_job_is_its_script_and_what_that_imports(config):
    script = ROOT / "workflow/scripts/describe_vision.py"
    modules = modules_of(script)
    assert ROOT / "src/devaflow/vision/describe.py" in modules
    assert not any("audio" in module.parts for module in modules)
    assert make_plan(config, ROOT).code("describe_vision") == fingerprint([script, *modules])


@pytest.mark.parametrize(
    "file",
    ["Snakefile", "resources/action_units.csv", "workflow/rules/text.smk", "workflow/scripts/x.py"],
)
def test_the_fingerprint_follows_all_code_of_the_workflow(config, file):
    shutil.copytree(ROOT / "workflow", "shipped/workflow")
    Path("shipped/resources").mkdir()
    for name in ("Snakefile", "resources/action_units.csv"):
        shutil.copy(ROOT / name, f"shipped/{name}")
    plan = replace(make_plan(config, ROOT), shipped=Path("shipped"))
    before = plan.fingerprint
    Path(f"shipped/{file}").write_text("changed")
    assert plan.fingerprint != before

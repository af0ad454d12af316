from pathlib import Path

import pytest
import yaml

from devaflow.config import (
    find_path,
    refuse_lost,
    replaced_backends,
    validate_config,
    with_tables,
    without_left_out,
)
from devaflow.errors import InputError
from devaflow.model.settings import overlaid
from devaflow.schemas import load_schema, read_scalars

ROOT = Path(__file__).parents[1]
SCHEMA = load_schema(ROOT / "workflow/schemas/config.schema.yaml")


def refusal(config) -> str:
    with pytest.raises(InputError) as caught:
        validate_config(config, SCHEMA)
    return str(caught.value)


def test_the_shipped_configuration_is_valid(shipped):
    validate_config(shipped, SCHEMA)


@pytest.mark.parametrize(
    "overlay",
    ["hub-encoders.yaml", "mpnet.yaml", "mosi.yaml", "mosi-features.yaml", "unrated.yaml"],
)
def test_the_shipped_overlays_are_valid(shipped, overlay):
    config = overlaid(shipped, yaml.safe_load((ROOT / "config" / overlay).read_text()))
    validate_config(with_tables(without_left_out(config)), SCHEMA)


def test_variants_are_the_same_with_every_configuration_of_base_size():
    overlays = ["mosi.yaml", "mosi-features.yaml", "mpnet.yaml"]
    read = [yaml.safe_load((ROOT / "config" / name).read_text()) for name in overlays]
    assert all(one["variants"] == read[0]["variants"] for one in read)
    learning = ("encoders", "protocols", "seeds")
    assert {key: read[0][key] for key in learning} == {key: read[1][key] for key in learning}


def test_a_typo_in_a_key_is_named_with_its_path_and_what_was_meant(config):
    config["vision"]["describe"]["topk"] = 3
    message = refusal(config)
    assert "vision.describe.topk: unknown key; did you mean 'top_k'?" in message


def test_an_unknown_section_is_named(config):
    config["vison"] = {}
    assert "vison: unknown key; did you mean 'vision'?" in refusal(config)


def test_a_wrong_choice_lists_the_right_ones(config):
    config["vision"]["backend"] = "openpose"
    message = refusal(config)
    assert "vision.backend: 'openpose'" in message
    assert "'mediapipe'" in message


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["seeds"], [1, 1], "seeds"),
        (["seeds"], [], "seeds"),
        (["protocols"], ["official", "leaky"], "protocols.1"),
        (["text", "context"], -1, "text.context"),
        (["text", "lowercase"], "yes", "text.lowercase"),
        (["variants", "optimized", "training", "learning_rate"], 0, "learning_rate"),
        (["encoders", "bert", "revision"], None, "encoders.bert.revision"),
        (["encoders", "mpnet", "layer"], 0, "encoders.mpnet.layer"),
        (["corpus", "layout"], "{video_id}", "corpus.layout"),
        (["corpus", "layout"], "{video_id}/{clip_id}{x}", "no other braces"),
        (["seeds"], [1.0], "seeds.0: 1.0 is not of type integer"),
        (["seeds"], ["1.0"], "seeds.0: '1.0' is not of type integer"),
        (["seeds"], [True], "seeds.0: True is not of type integer"),
        (["variants", "baseline", "training", "learning_rate"], float("nan"), "learning_rate"),
        (["variants", 1], {}, "variants.1: a name must be text"),
        (["variants", "a/b"], {}, "names files"),
    ],
)
def test_impossible_values_are_refused_by_name(config, path, value, named):
    section = config
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = value
    assert named in refusal(config)


@pytest.mark.parametrize("stage", ["vision", "audio"])
@pytest.mark.parametrize("seconds", [0, -1, 0.5, 1e9, float("inf")])
def test_a_time_limit_is_a_second_to_a_day(config, stage, seconds):
    config[stage]["limits"]["max_seconds"] = seconds
    assert f"{stage}.limits.max_seconds: " in refusal(config)


@pytest.mark.parametrize("null", [None, "null"])
def test_a_variant_that_is_null_is_left_out(config, null):
    config["variants"]["roberta"] = null
    chosen = without_left_out(read_scalars(config, SCHEMA))
    validate_config(chosen, SCHEMA)
    assert list(chosen["variants"]) == ["baseline", "optimized", "best"]


def test_what_is_left_out_must_have_been_there(tmp_path):
    mine = tmp_path / "my.yaml"
    mine.write_text("variants: {mine: {encoder: minilm}, roberta: null, robertta: null}\n")
    files = [ROOT / "config/config.yaml", mine]
    refuse_lost(files, {"variants": {"roberta": None, "mine": None, "new": {"encoder": "minilm"}}})
    refuse_lost(files, {"variants": 3})  # which the schema refuses
    for null in (None, "null"):  # the second is how --config hands it on
        with pytest.raises(InputError, match=r"robertta: null .* there are baseline, roberta"):
            refuse_lost(files, {"variants": {"robertta": null}})


@pytest.mark.parametrize(("section", "name"), [("variants", "optimised"), ("encoders", "minlm")])
def test_a_part_of_what_is_misspelt_is_refused_with_what_was_meant(config, section, name):
    meant = {"variants": "optimized", "encoders": "minilm"}[section]
    config[section][name] = {}
    assert refusal(config).startswith(f"configuration: {section}.{name}: the key ")
    assert refusal(config).endswith(f"did you mean {meant!r}?")


def test_an_encoder_without_a_source_lacks_that_alone(config):
    config["encoders"]["mine"] = {"id": "folder", "max_tokens": 128}
    assert refusal(config) == "configuration: encoders.mine: the key 'source' is missing"


@pytest.mark.parametrize("name", ["minilm", "bert"])
def test_an_encoder_of_a_package_or_the_hub_says_which_revision(config, name):
    del config["encoders"][name]["revision"]
    assert refusal(config) == f"configuration: encoders.{name}: the key 'revision' is missing"


@pytest.mark.parametrize(
    ("network", "like"), [("devanet", "optimized"), ("finetuned", "best"), ("new", "optimized")]
)
def test_the_training_of_every_network_is_checked(config, monkeypatch, network, like):
    model = SCHEMA.schema["$defs"]["variant"]["properties"]["model"]["properties"]
    monkeypatch.setitem(model, "network", {"type": "string"})
    mine = config["variants"][like]
    mine["model"]["network"] = network
    mine["training"]["epochs"] = -1
    config["variants"] = {"mine": mine}
    assert refusal(config).startswith("configuration: variants.mine.training.epochs: -1")


@pytest.mark.parametrize("name", ["optimized", "best"])
def test_a_variant_without_a_network_is_not_asked_for_more(config, name):
    del config["variants"][name]["model"]["network"]
    lacking = f"configuration: variants.{name}.model: the key 'network' is missing"
    assert refusal(config) == lacking
    del config["variants"][name]["model"]
    assert refusal(config).endswith(f"variants.{name}: the key 'model' is missing")
    assert "training" not in refusal(config)


@pytest.mark.parametrize("section", ["variants", "encoders"])
@pytest.mark.parametrize("value", [["baseline"], "minilm", 3])
def test_a_section_must_be_one(config, section, value):
    config[section] = value
    assert f"{section}: {value!r} is not of type object" in refusal(config)


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("vision: {backend: openface}\nseeds: [1]\nvision:\n  describe: {top_k: 4}\n")
    with pytest.raises(InputError, match=r"my\.yaml, line 3: the key 'vision' stands twice"):
        refuse_lost([path], {})
    path.write_text("variants:\n  best:\n    members:\n      - {context: 0, context: 1}\n")
    with pytest.raises(InputError, match="line 4: the key 'context'"):
        refuse_lost([path], {})
    path.write_text("vision: {describe: {top_k: 4}}\naudio: {describe: {top_k: 4}}\n")
    refuse_lost([path, ROOT / "config/config.yaml"], {})


def test_json_with_tabs_is_read_too(tmp_path):
    tabs, path = tmp_path / "tabs.json", tmp_path / "my.yaml"
    tabs.write_text('{\n\t"variants": {"mine": {"encoder": "minilm"}}\n}\n')
    refuse_lost([tabs], {"variants": {"mine": None}})
    path.write_text("seeds: [1]\nseeds: [2]\n")
    with pytest.raises(InputError, match=r"my\.yaml, line 2: the key 'seeds' stands twice"):
        refuse_lost([tabs, path], {})


def test_a_run_needs_a_variant(config):
    config["variants"] = dict.fromkeys(config["variants"])
    assert "variants" in refusal(without_left_out(config))


def test_what_is_left_out_is_not_ablated_either(config):
    config["variants"]["optimized"] = None
    config["ablations"] = ["optimized", "optimized@T"]
    chosen = without_left_out(config)
    validate_config(chosen, SCHEMA)
    assert chosen["ablations"] == []


def test_members_and_an_adaptation_can_be_left_out(config):
    config["variants"]["best"]["members"] = None
    config["encoders"]["mpnet-rated"] |= {"source": "path", "adapt": None}
    chosen = without_left_out(config)
    validate_config(chosen, SCHEMA)
    assert "members" not in chosen["variants"]["best"]
    assert "adapt" not in chosen["encoders"]["mpnet-rated"]


def test_a_variant_needs_a_defined_encoder(config):
    config["variants"]["baseline"]["encoder"] = "gpt"
    message = refusal(config)
    assert "variants.baseline.encoder: 'gpt'" in message
    assert "minilm" in message


def test_a_member_needs_a_defined_encoder(config):
    config["variants"]["best"]["members"][1]["encoder"] = "gpt"
    assert "variants.best.members.1.encoder: 'gpt' is not defined" in refusal(config)


def test_an_adapted_encoder_starts_from_one_that_is_not(config):
    rated = config["encoders"]["mpnet-rated"]
    config["encoders"]["twice"] = rated | {"id": "mpnet-rated"}
    assert "encoders.twice.id: 'mpnet-rated' is adapted itself" in refusal(config)
    config["encoders"]["twice"] = rated | {"id": "gpt"}
    assert "encoders.twice.id: 'gpt' is not defined" in refusal(config)


def test_only_an_adapted_encoder_says_how_it_is_adapted(config):
    config["encoders"]["mpnet"]["adapt"] = {"sentences": None}
    assert "encoders.mpnet.adapt: only an encoder with the source 'adapted'" in refusal(config)
    del config["encoders"]["mpnet"]["adapt"], config["encoders"]["mpnet-rated"]["adapt"]
    assert "encoders.mpnet-rated: the key 'adapt' is missing" in refusal(config)


def test_a_precomputed_backend_needs_its_table(config):
    config["audio"]["backend"] = "precomputed"
    assert "audio.precomputed" in refusal(config)


def test_a_table_that_is_named_is_read_whatever_the_backend_was(config):
    config["vision"] |= {"backend": "openface", "precomputed": "table.csv"}
    used = with_tables(config)
    assert used["vision"]["backend"] == "precomputed"
    assert used["audio"] == config["audio"]
    (told,) = replaced_backends(config, used)
    assert told.startswith("vision.precomputed names a table, so openface does not run")
    assert replaced_backends(used, used) == []


def test_measuring_needs_a_folder_of_clips(config):
    config["corpus"]["clips"] = None
    assert "corpus.clips" in refusal(config)


def test_a_loss_without_weight_is_refused(config):
    config["variants"]["baseline"]["loss"].update(regression_weight=0, binary_weight=0)
    assert "variants.baseline.loss" in refusal(config)


def test_a_score_that_nothing_trains_is_refused(config):
    config["variants"]["baseline"]["loss"].update(regression_weight=0, binary_weight=1)
    assert "variants.baseline.loss.regression_weight: 0 trains no score" in refusal(config)
    for shared in ({"faithful": True}, {"model": {"network": "devanet", "binary_head": "shared"}}):
        variants = config["variants"] | {"baseline": config["variants"]["baseline"] | shared}
        validate_config(config | {"variants": variants}, SCHEMA)


def test_paths_are_the_users_first_and_then_what_ships(tmp_path, monkeypatch):
    shipped, run = tmp_path / "shipped", tmp_path / "run"
    shipped.mkdir()
    run.mkdir()
    (shipped / "label.csv").touch()
    monkeypatch.chdir(run)
    assert find_path("label.csv", shipped) == shipped / "label.csv"
    (run / "label.csv").touch()
    assert find_path("label.csv", shipped) == Path("label.csv")
    assert find_path("absent.csv", shipped) == Path("absent.csv")
    assert find_path("~/label.csv", shipped) == Path.home() / "label.csv"


@pytest.mark.parametrize("named", ["optimised", "optimised@T"])
def test_ablations_name_variants_that_there_are(config, named):
    config["ablations"] = [named]
    assert "ablations: 'optimised' is no variant; variants are baseline" in refusal(config)


def test_a_variant_is_not_called_as_a_reference(config):
    config["variants"]["mean"] = config["variants"]["optimized"]
    assert "variants.mean: a reference predictor has this name" in refusal(config)

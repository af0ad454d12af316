"""What is checked before a job starts: paths, protocols, and what a search would try."""

import shutil
from pathlib import Path

import pytest

from devaflow.corpus.labels import Segment, segment_table
from devaflow.corpus.splits import PROTOCOLS
from devaflow.errors import InputError
from devaflow.planning import (
    PLANNED,
    make_plan,
    require_planned,
    search_settings,
    why_untrainable,
)

ROOT = Path(__file__).parents[1]


def test_a_search_must_fit_the_encoders_of_all_members(rated):
    del rated["variants"]["best"]["members"][1]
    rated["search"] |= {"variant": "best", "protocol": "random", "folds": 3}
    rated["search"]["space"] = {"model": {"frozen_layers": {"low": 0, "high": 6}}}
    with pytest.raises(InputError, match=r"frozen_layers: 6, but the encoder 'rated' has 6 layers"):
        search_settings(make_plan(rated, ROOT))


def test_a_checkout_runs_its_own_code_or_the_same(config, tmp_path):
    shutil.copytree(ROOT / "workflow", tmp_path / "other/workflow")
    shutil.copytree(ROOT / "src", tmp_path / "other/src")
    config["encoders"] = {"minilm": config["encoders"]["minilm"]}
    assert make_plan(config, tmp_path / "other").protocols
    with (tmp_path / "other/src/devaflow/config.py").open("a") as stream:
        stream.write("CHANGED = True\n")
    with pytest.raises(InputError, match=r"other: its code is not that which is installed here"):
        make_plan(config, tmp_path / "other")


@pytest.fixture
def refused(config):
    """refused(**search): what is said of a search with these settings."""
    config["search"] |= {"protocol": "random", "folds": 3}

    def refuse(**settings):
        config["search"] |= settings
        with pytest.raises(InputError) as caught:
            search_settings(make_plan(config, ROOT))
        return str(caught.value)

    return refuse


@pytest.mark.parametrize("link", [False, True])
def test_results_are_a_folder_or_a_link_to_one(config, link):
    """Else Snakemake's walk through them ends in a traceback."""
    results = Path("results")
    results.symlink_to("disk") if link else results.touch()
    with pytest.raises(InputError, match=r"results: not a folder, nor a link to one.*--directory"):
        make_plan(config, ROOT)
    results.unlink()
    Path("disk").mkdir()
    results.symlink_to("disk")
    assert make_plan(config, ROOT).labels


def test_a_search_that_is_configured_is_given(config):
    config["search"] |= {"protocol": "random", "folds": 4}  # of one video each
    assert search_settings(make_plan(config, ROOT))["protocol"] == "random"


def test_a_search_needs_a_video_for_each_fold(refused):
    said = "5 folds by video, but 4 videos are in the train part of random; lower it"
    assert said in refused(folds=5)
    assert "but 2 videos are in the train part of grouped" in refused(protocol="grouped", folds=3)


def test_a_search_needs_a_variant_that_there_is(refused):
    assert "search.variant: 'worst' is no variant" in refused(variant="worst")


def test_a_search_must_not_try_what_is_not_allowed(refused):
    message = refused(space={"model": {"dropout": {"low": 0.1, "high": 1.5}}})
    assert (
        "would try what cannot be: configuration: variants.optimized.model.dropout: 1.5" in message
    )
    weight = {"regression_weight": {"low": 0, "high": 1}}
    assert "regression_weight: 0 trains no score" in refused(space={"loss": weight})


def test_a_search_must_not_try_what_does_not_fit_the_encoder(refused):
    message = refused(space={"model": {"encoder_heads": {"choices": [8, 7]}}})
    assert "encoder_heads: 7 does not divide 384" in message
    assert "encoder_heads: 5 does not divide 384" in refused(
        space={"model": {"encoder_heads": {"low": 1, "high": 16}}}
    )


def test_a_search_must_not_try_what_a_member_sets_itself(refused):
    frozen = {"model": {"frozen_layers": {"low": 0, "high": 6}}}
    assert "a member of the variant sets it itself" in refused(variant="best", space=frozen)


def test_a_search_must_not_try_what_the_network_does_not_have(refused):
    assert "only the network 'finetuned' has this" in refused(
        space={"model": {"frozen_layers": {"low": 0, "high": 9}}}
    )


def test_a_search_must_not_try_what_a_faithful_variant_sets_back(refused, config):
    config["variants"]["optimized"]["faithful"] = True
    message = refused(space={"model": {"binary_head": {"choices": ["own", "shared"]}}})
    assert "search.space.model.binary_head: `faithful: true` of the variant sets it" in message


def test_a_search_of_what_the_variant_does_not_have_says_what_to_do(refused):
    message = refused(variant="best", space={"training": {"noise_sigma": {"low": 0, "high": 1}}})
    assert "search.space.training.noise_sigma: the variant has no such setting" in message
    assert "set this range to null" in message


def test_a_search_needs_a_protocol_that_is_trained(refused, config):
    assert "search.protocol: 'official' is not trained: too few" in refused(protocol="official")
    config["protocols"] = ["grouped"]
    assert "'random' is not trained: it is not among protocols" in refused(protocol="random")


@pytest.mark.parametrize("path", ["x" * 300, "~nobody-here/x", "a\0b"])
@pytest.mark.parametrize("key", ["labels", "clips"])
def test_what_can_be_no_path_is_refused_like_a_file_that_is_not_there(config, key, path):
    config["corpus"][key] = path
    with pytest.raises(InputError, match=rf"corpus\.{key}"):
        make_plan(config, ROOT)


@pytest.mark.parametrize("name", ["{unit}", "{wildcards.unit}"])
def test_a_clip_with_braces_in_its_name_is_refused(config, name):
    with open("label.csv", "a") as labels:
        labels.write(f"v0,{name},some words,0,train\n")
    Path(f"clips/v0/{name}.mp4").touch()
    with pytest.raises(InputError) as caught:
        make_plan(config, ROOT)
    assert f"{name}.mp4: a workflow takes what stands in braces for a wildcard" in str(caught.value)


def segments(videos, clips, modes=("train",)):
    return [
        Segment(f"v{v}", str(c), "w", (v + c) % 3 - 1.0, mode=modes[v % len(modes)])
        for v in range(videos)
        for c in range(clips)
    ]


SMALL = [
    ("random", segments(1, 30)),
    ("random", segments(2, 10)),
    ("random", segments(3, 4)),
    ("random", segments(10, 1)),
    ("random", segments(4, 4)),
    ("grouped", segments(3, 4)),
    ("grouped", segments(10, 1)),
    ("grouped", segments(4, 4)),
    ("official", segments(4, 4, modes=("train", "valid"))),
    ("official", segments(3, 1, modes=("train", "valid", "train"))),
]


@pytest.mark.parametrize(
    ("protocol", "corpus"),
    SMALL,
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} segments",
)
def test_what_the_plan_takes_for_trainable_is_trainable(protocol, corpus):
    """The plan judges without making the splits: it may be stricter, never more lenient."""
    assert not why_untrainable(protocol, corpus)
    rows = PROTOCOLS[protocol](segment_table(corpus))["split"].value_counts()
    assert rows["train"] >= 2
    assert rows["valid"] >= 1


def test_of_every_protocol_it_is_tried_what_the_least_corpus_is():
    assert {protocol for protocol, _ in SMALL} == set(PROTOCOLS)


@pytest.mark.parametrize(
    ("protocol", "corpus"),
    [
        ("random", segments(3, 3)),
        ("grouped", segments(2, 10)),
        ("official", segments(9, 9)),
        ("official", segments(2, 1, modes=("train", "valid"))),
    ],
)
def test_too_few_rows_for_a_split_are_untrainable(protocol, corpus):
    assert why_untrainable(protocol, corpus)


def test_a_job_whose_configuration_is_not_the_planned_one_is_refused(config, monkeypatch):
    monkeypatch.delenv(PLANNED, raising=False)
    plan = make_plan(config, ROOT)
    require_planned(plan, first=False)  # started by hand
    require_planned(plan, first=True)
    require_planned(make_plan(config, ROOT), first=False)
    config["vision"]["describe"]["top_k"] = 2
    with pytest.raises(InputError, match=r"label\.csv or the configuration has changed since"):
        require_planned(make_plan(config, ROOT), first=False)


def test_a_job_whose_labels_are_not_the_planned_ones_is_refused(config, monkeypatch):
    monkeypatch.delenv(PLANNED, raising=False)
    require_planned(make_plan(config, ROOT), first=True)
    with open("label.csv", "a") as labels:
        labels.write("\n")
    with pytest.raises(InputError, match="has changed since"):
        require_planned(make_plan(config, ROOT), first=False)

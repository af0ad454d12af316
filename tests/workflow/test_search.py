"""The search as a target: what is tried, and a configuration that comes out."""

import json

import pytest


@pytest.fixture
def searched(copy_of, few_videos_done):
    """A run over a few videos in which two settings were tried."""
    run = copy_of(few_videos_done)
    run.configure(search={"protocol": "random", "trials": 2, "folds": 3})
    run.snakemake("results/search.yaml")
    return run


def test_what_was_found_is_a_configuration_and_more_trials_go_on_from_it(searched):
    found = searched.folder / "results/search.json"
    trials = json.loads(found.read_text())["trials"]
    assert [len(trial["mae_after_fold"]) for trial in trials] == [3, 3]
    assert trials[0]["settings"]["training"]["learning_rate"] == 0.0002, "as configured"
    assert searched.planned("results/search.yaml") == {}
    overlay = ["--configfile", searched.folder / "results/search.yaml"]
    planned = searched.planned("--forceall", "results/metrics_optimized.json", *overlay)
    assert planned["train"] == 1, "no other protocol may be reported"
    searched.configure(search={"protocol": "random", "trials": 3, "folds": 3})
    searched.snakemake("results/search.yaml")
    more = json.loads(found.read_text())["trials"]
    assert more[:2] == trials
    assert len(more) == 3


def test_a_search_beyond_what_is_allowed_stops_before_its_first_job(new_run, few_videos):
    run = new_run("wide", few_videos)
    run.configure(search={"space": {"model": {"dropout": {"low": 0.1, "high": 2}}}})
    printed = run.snakemake("results/search.yaml", check=False)
    assert "would try what cannot be: configuration: variants.optimized.model.dropout: 2" in printed
    assert not (run.folder / "results").exists()
    run.snakemake("--dry-run", "results/metrics_optimized.json")

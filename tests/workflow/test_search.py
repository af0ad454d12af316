"""The search as a target: what is tried, and a configuration that comes out."""

import json


def test_what_was_found_is_a_configuration_for_the_protocol_that_was_searched(
    copy_of, few_videos_done
):
    run = copy_of(few_videos_done)
    run.configure(search={"protocol": "random", "trials": 2, "folds": 3})
    run.snakemake("results/search.yaml")
    found = json.loads((run.folder / "results/search.json").read_text())
    assert [len(trial["mae_after_fold"]) for trial in found["trials"]] == [3, 3]
    assert found["trials"][0]["settings"]["training"]["learning_rate"] == 0.0002, "as configured"
    overlay = ["--configfile", run.folder / "results/search.yaml"]
    planned = run.planned("--forceall", "results/metrics_optimized.json", *overlay)
    assert planned["train"] == 1, "no other protocol may be reported"


def test_a_search_beyond_what_is_allowed_stops_before_its_first_job(new_run, few_videos):
    wide = {
        "space": {"model": {"dropout": {"low": 0.1, "high": 2}}},
        "protocol": "random",
        "folds": 3,
    }
    run = new_run("wide", few_videos, search=wide)
    printed = run.snakemake("results/search.yaml", check=False)
    assert "would try what cannot be: configuration: variants.optimized.model.dropout: 2" in printed
    assert not (run.folder / "results").exists()

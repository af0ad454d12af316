import numpy as np
import pandas as pd
import pytest

from devaflow.errors import InputError
from devaflow.evaluate.ablations import ablation_table, collect, draw


@pytest.fixture
def table(predictions):
    whole = {seed: predictions(error, "valid") for seed, error in ((1, 0.3), (2, 0.4))}
    worse = {seed: predictions(error, "valid") for seed, error in ((1, 1.5), (2, 1.6))}
    ablations = {"worse": worse, "same": whole}
    return pd.DataFrame(ablation_table(whole, ablations, resamples=300))


def row(table, ablation, metric="MAE"):
    return table[(table["ablation"] == ablation) & (table["metric"] == metric)].iloc[0]


def test_a_part_that_is_missed_makes_the_error_larger(table):
    worse = row(table, "worse")
    assert worse["difference"] == pytest.approx(worse["mean"] - row(table, "")["mean"])
    assert 0 < worse["low"] < worse["difference"] < worse["high"]
    assert worse["p"] < 0.05


def test_a_part_that_changes_nothing_has_no_difference(table):
    same = row(table, "same")
    assert (same["difference"], same["low"], same["high"], same["p"]) == (0, 0, 0, 1)


def test_the_variant_itself_stands_beside_with_its_spread_over_seeds(table):
    itself = row(table, "")
    assert itself["sd"] > 0
    assert np.isnan(itself["difference"])
    assert set(table["split"]) == {"valid"}, "there are no test rows"


def test_a_figure_is_the_same_file_each_time_and_names_every_ablation(table, tmp_path):
    for name in ("a.svg", "b.svg"):
        draw(table.assign(variant="v", protocol="official"), tmp_path / name)
    drawn = (tmp_path / "a.svg").read_text()
    assert drawn == (tmp_path / "b.svg").read_text()
    assert all(f">{name}<" in drawn for name in ("worse", "same", "v, official, valid"))


def test_ablations_of_nothing_are_refused():
    with pytest.raises(InputError, match="ablations: names no variant"):
        collect({"random": {}}, resamples=10)


def test_ablations_stand_beside_the_variant_that_they_belong_to(predictions):
    errors = {"a": 0.3, "a@T": 1.5, "b": 0.4, "b@T": 0.5}
    runs = {name: {1: predictions(error)} for name, error in errors.items()}
    found = collect({"official": runs}, resamples=50)
    assert set(found["protocol"]) == {"official"}
    mae = found[found["metric"] == "MAE"].set_index(["variant", "ablation"])
    assert list(mae.index) == [("a", ""), ("a", "T"), ("b", ""), ("b", "T")]
    for variant in "ab":
        of = mae.loc[variant]
        expected = of.loc["T", "mean"] - of.loc["", "mean"]
        assert of.loc["T", "difference"] == pytest.approx(expected)

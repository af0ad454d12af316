import numpy as np
import pandas as pd
import pytest

from devaflow.evaluate.ablations import ablation_table, draw


def predictions(error, split="valid"):
    rng = np.random.default_rng(1)
    label = rng.uniform(-3, 3, 60)
    return pd.DataFrame(
        {
            "video_id": [f"v{n // 6}" for n in range(60)],
            "clip_id": [str(n) for n in range(60)],
            "split": split,
            "label": label,
            "prediction": (label + rng.normal(0, error, 60)).clip(-3, 3),
        }
    )


@pytest.fixture
def table():
    whole = {1: predictions(0.3), 2: predictions(0.4)}
    ablations = {"worse": {1: predictions(1.5), 2: predictions(1.6)}, "same": whole}
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

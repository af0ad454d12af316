"""results/ablations.parquet: what it trains, and its last job by itself."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from devaflow.model.ablations import ABLATIONS

SCRIPT = Path(__file__).parents[2] / "workflow/scripts/collect_ablations.py"
JOB = f"""
import runpy
from types import SimpleNamespace as Of
snakemake = Of(
    input=Of(predictions=["0.parquet", "1.parquet", "2.parquet"]),
    output=Of(table="ablations.parquet", figure="ablations.svg"),
    params=Of(protocols=["official"], trained=["v", "v@T", "v@A"], seeds=[1], bootstrap_samples=50),
    log=["job.log"],
)
runpy.run_path({str(SCRIPT)!r}, {{"snakemake": snakemake}}, "__main__")
"""


def test_every_ablation_of_a_variant_is_trained_beside_it(new_run, few_videos):
    planned = new_run("ablated", few_videos, protocols=["random"]).planned("results/ablations.svg")
    same = {"words", "context-0"}  # what the variant is
    assert planned["train"] == 1 + len(set(ABLATIONS) - same)
    assert (planned["hide"], planned["collect_ablations"]) == (1, 1)


def test_what_is_hidden_from_a_trained_network_trains_nothing(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    run.configure(protocols=["random"], ablations=["optimized@hide-V", "optimized@hide-A+V"])
    planned = run.planned("results/ablations.parquet").keys()
    assert {"hide", "collect_ablations"} <= planned
    assert "train" not in planned
    run.snakemake("results/ablations.parquet")
    table = pd.read_parquet(run.folder / "results/ablations.parquet")
    assert list(table["ablation"].unique()) == ["", "hide-V", "hide-A+V"]
    trained = run.folder / "results/training"
    whole, hidden = (
        pd.read_parquet(trained / name / "random/seed-42/predictions.parquet")
        for name in ("optimized", "optimized@hide-V")
    )
    faces = pd.read_parquet(run.folder / "results/vision/descriptions.parquet")
    status = whole.merge(faces, on=["video_id", "clip_id"], validate="one_to_one")["status"]
    seen = status.isin(["ok", "truncated"]).to_numpy()
    moved = (hidden["prediction"] - whole["prediction"]).abs().to_numpy()
    assert set(seen) == {True, False}
    assert (moved[seen] > 1e-6).all()
    assert (moved[~seen] < 1e-6).all(), "these had no face before"


def test_predictions_of_ablations_become_a_table_and_a_figure(tmp_path):
    label = np.linspace(-3, 3, 12)
    segments = {"video_id": list("aabbccddeeff"), "clip_id": list("01" * 6), "split": "test"}
    for number, error in enumerate((0.1, 0.5, 1.0)):
        predicted = {"label": label, "prediction": label * (1 - error / 3), "probability": 0.5}
        pd.DataFrame(segments | predicted).to_parquet(tmp_path / f"{number}.parquet")
    job = subprocess.run([sys.executable, "-c", JOB], cwd=tmp_path, capture_output=True, text=True)
    assert job.returncode == 0, job.stderr
    table = pd.read_parquet(tmp_path / "ablations.parquet")
    errors = table[table["metric"] == "MAE"].set_index("ablation")["mean"]
    assert list(errors.index) == ["", "T", "A"]
    assert errors.is_monotonic_increasing
    assert ">v, official, test<" in (tmp_path / "ablations.svg").read_text()

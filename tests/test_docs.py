"""What the docs list is what the code has."""

import re
from pathlib import Path

import pytest

from devaflow.audio import import_functionals
from devaflow.corpus.clips import USABLE
from devaflow.model.ablations import ABLATIONS, HIDDEN
from devaflow.vision import import_action_units

DOCS = Path(__file__).parents[1] / "docs"
DATA = (DOCS / "data.md").read_text()
STATUSES = {"vision": import_action_units.STATUSES, "audio": import_functionals.STATUSES}


@pytest.mark.parametrize("stage", STATUSES)
def test_the_statuses_of_a_stage_are_listed_with_whether_they_are_used(stage):
    rows = re.findall(r"^\| (\w+) \| (.+?) \| .+ \| (yes|masked) \|$", DATA, re.M)
    of_stage = {status: used for status, where, used in rows if where == "all" or stage in where}
    assert of_stage == {s: "yes" if s in USABLE else "masked" for s in STATUSES[stage]}


@pytest.mark.parametrize("ablation", [*ABLATIONS, *HIDDEN])
def test_every_ablation_is_named(ablation):
    design = (DOCS / "design.md").read_text()
    named = design.split("## Variants and their ablations")[1].split("## Layers")[0]
    assert f"`{ablation}`" in named

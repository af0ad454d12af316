import functools
import operator
from pathlib import Path

import pytest

from devaflow.corpus.splits import PROTOCOLS
from devaflow.model.devanet import NETWORKS
from devaflow.model.settings import FINE_TUNED
from devaflow.schemas import load_schema, read_scalars

ROOT = Path(__file__).parents[1]
SCHEMA = load_schema(ROOT / "workflow/schemas/config.schema.yaml")


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        (["seeds"], ["42", "43"], [42, 43]),
        (["bootstrap_samples"], "200", 200),
        (["variants", "baseline", "training", "learning_rate"], "2e-5", 2.0e-5),
        (["encoders", "mpnet", "layer"], "9", 9),
        (["encoders", "mpnet", "layer"], "null", None),
        (["vision", "precomputed"], "null", None),
        (["variants", "best", "members"], "null", None),
        (["vision", "openface", "timeout_s"], "60", 60),
        (["text", "lowercase"], "true", True),
        (["text", "lowercase"], "yes", "yes"),
        (["vision", "limits", "max_seconds"], "long", "long"),
        (["corpus", "labels"], "42", "42"),
        (["search", "space", "training", "clip_norm"], "wide", "wide"),
    ],
)
def test_numbers_booleans_and_nulls_may_come_as_text_as_snakemake_hands_them_on(
    config, path, text, value
):
    *sections, last = path
    section = functools.reduce(operator.getitem, sections, config)
    section[last] = text
    read = functools.reduce(operator.getitem, path, read_scalars(config, SCHEMA))
    assert (read, type(read)) == (value, type(value))
    assert section[last] == text


def test_the_schema_names_the_protocols_and_networks_that_there_are():
    defined = SCHEMA.schema["$defs"]
    assert defined["protocol"]["enum"] == list(PROTOCOLS)
    networks = defined["variant"]["properties"]["model"]["properties"]["network"]["enum"]
    assert networks == [*NETWORKS, FINE_TUNED]

import pytest

from devaflow.model.ablations import ABLATIONS, PARTS, TRAPS, resolve
from devaflow.model.settings import ModelSettings, TrainingSettings, members_of, settings_from

VARIANTS = {
    "optimized": {
        "encoder": "minilm",
        "model": {"network": "devanet_optim", "dropout": 0.4},
        "loss": {},
        "training": {"select_by": "mae"},
    }
}


def test_a_variant_reads_along_what_the_corpus_does_unless_it_says_otherwise() -> None:
    assert resolve(VARIANTS, "optimized", 2)["context"] == 2
    own = {"optimized": VARIANTS["optimized"] | {"context": 1}}
    assert resolve(own, "optimized", 2)["context"] == 1
    assert resolve(own, "optimized@context-3", 2)["context"] == 3


@pytest.mark.parametrize("ablation", [*PARTS, *TRAPS])
def test_an_ablation_changes_one_thing(ablation: str) -> None:
    whole, changed = (
        resolve(VARIANTS, "optimized", 5),
        resolve(VARIANTS, f"optimized@{ablation}", 5),
    )
    flat = {
        (part, key)
        for part in ("model", "loss", "training")
        for key in changed[part]
        if changed[part][key] != whole[part].get(key)
    }
    flat |= {("context", "")} if changed["context"] != whole["context"] else set()
    assert len(flat) == 1


def test_faithful_turns_on_every_trap_at_once() -> None:
    faithful = {"optimized": VARIANTS["optimized"] | {"faithful": True}}
    turned = resolve(faithful, "optimized", 0)
    assert turned == resolve(VARIANTS, "optimized@faithful", 0)
    model = settings_from(ModelSettings, turned["model"], "model")
    assert model.freeze_text_encoder
    assert not model.mask_padding
    assert (model.keep, model.binary_head) == ("positions", "shared")
    assert turned["training"]["select_by"] == "acc2"
    assert turned["model"]["dropout"] == 0.4, "all else stays"


def test_every_ablation_can_be_trained() -> None:
    for name in ABLATIONS:
        changed = resolve(VARIANTS, f"optimized@{name}", 0)
        assert settings_from(ModelSettings, changed["model"], "model")
        given = {"learning_rate": 1, "weight_decay": 0, "clip_norm": 1, "schedule": "cosine"}
        settings_from(TrainingSettings, given | {"patience": 1} | changed["training"], "training")


def test_what_an_ablation_changes_holds_for_every_member():
    """And members that it makes alike are one network."""
    members = [{"context": 0}, {}, {"context": 0, "model": {"frozen_layers": 1}}]
    tuned = VARIANTS["optimized"] | {"context": 3, "members": members}
    changed = resolve({"best": tuned}, "best@context-2", 0)
    networks = [(m["context"], m["model"].get("frozen_layers")) for m in members_of(changed)]
    assert networks == [(2, None), (2, 1)]
    assert tuned["members"] == members, "the configuration is left as it is"

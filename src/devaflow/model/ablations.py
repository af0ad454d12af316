"""Variants of a variant: one thing changed or hidden at a time, to see what it is worth."""

from collections.abc import Mapping
from typing import Any

from devaflow.model.settings import overlaid

SEPARATOR = "@"

# The left-hand sides of the corrections that this project makes to the reference description.
TRAPS: dict[str, dict[str, Any]] = {
    "frozen-text-encoder": {"model": {"freeze_text_encoder": True}},
    "padding-not-masked": {"model": {"mask_padding": False}},
    "first-positions": {"model": {"keep": "positions"}},
    "shared-head": {"model": {"binary_head": "shared"}},
    "selected-by-acc2": {"training": {"select_by": "acc2"}},
}

PARTS: dict[str, dict[str, Any]] = {
    "T": {"model": {"modalities": ["text"]}},
    "A": {"model": {"modalities": ["audio"]}},
    "V": {"model": {"modalities": ["vision"]}},
    "T+A": {"model": {"modalities": ["text", "audio"]}},
    "T+V": {"model": {"modalities": ["text", "vision"]}},
    "words": {"model": {"represent": "words"}},
    "values": {"model": {"represent": "values"}},
    "words-and-values": {"model": {"represent": "both"}},
    "1-token": {"model": {"modality_tokens": 1}},
    "4-tokens": {"model": {"modality_tokens": 4}},
    "16-tokens": {"model": {"modality_tokens": 16}},
    "context-0": {"context": 0},
    "context-1": {"context": 1},
    "context-2": {"context": 2},
    "context-3": {"context": 3},
}

# Nothing is changed or trained: the variant's own networks, from which modalities are hidden.
HIDDEN: dict[str, tuple[str, ...]] = {
    "hide-T": ("text",),
    "hide-A": ("audio",),
    "hide-V": ("vision",),
    "hide-A+V": ("audio", "vision"),
}


def variant_of(name: str) -> str:
    """The variant of a name: VARIANT, or VARIANT@ABLATION."""
    return name.partition(SEPARATOR)[0]


def faithful(variant: Mapping[str, Any]) -> dict[str, Any]:
    """The variant with all TRAPS at once: as the reference description was written."""
    changed = dict(variant)
    for trap in TRAPS.values():
        changed = overlaid(changed, trap)
    return changed


# What each of them changes; what `faithful` does is a function's work.
CHANGES = PARTS | TRAPS | {"faithful": {}}
ABLATIONS = list(CHANGES)


def resolve(variants: Mapping[str, Any], name: str, context: int) -> dict[str, Any]:
    """What to train under `name`: a variant, or VARIANT@ABLATION, with nothing left implicit.

    variants: the configuration's. context: earlier segments to read along where the variant does
    not say. Returns encoder, model, loss, training and context.
    """
    base, _, ablation = name.partition(SEPARATOR)
    variant = {"context": context} | variants[base]
    if variant.pop("faithful", False) or ablation == "faithful":
        variant = faithful(variant)
    changed = CHANGES[ablation] if ablation else {}
    if "members" in variant:
        variant["members"] = [_without(member, changed) for member in variant["members"]]
    return overlaid(variant, changed)


def _without(member: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """What a member sets for itself, less what is changed for all."""
    kept = {}
    for key, value in member.items():
        if isinstance(value, Mapping) and isinstance(changed.get(key), Mapping):
            value = _without(value, changed[key])
        elif key in changed:
            continue
        kept[key] = value
    return kept

"""A model that was trained elsewhere: what it asks of a corpus, and what it predicts of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from devaflow.encode.device import make_deterministic
from devaflow.encode.encoder import load
from devaflow.encode.locate import checksums, differences, find_encoder
from devaflow.errors import InputError
from devaflow.model.bundle import Bundle
from devaflow.model.finetune import outputs
from devaflow.model.inputs import MODALITIES, Inputs
from devaflow.model.predict import predict, predictions
from devaflow.model.settings import (
    FineTuningSettings,
    context_of,
    encoders_of,
    member_name,
    members_of,
    settings_of,
)
from devaflow.model.views import Transcripts, view

PHRASES = "vision.phrases"
# Other tools and limits measure like things by other numbers; of other words it knows nothing.
MEASURING = (
    "vision.backend",
    "vision.limits.",
    "audio.backend",
    "audio.feature_set",
    "audio.limits.",
)
# Named where both have them: what replaces a tool is told by the backend.
TOOLS = ("vision.tools.", "audio.tools.")
WORDS = ("text.lowercase", "vision.describe.", PHRASES)
# Of a table of counts, which its maker chose the others for.
WORDS_FROM_COUNTS = ("text.lowercase", "vision.describe.top_k", PHRASES)


def requirements(bundle: Bundle, preprocessing: Mapping[str, Any]) -> dict[str, Any]:
    """What a corpus must be read as, so that the model can score it.

    preprocessing: the sections vision, audio, text and encoders that the corpus is read with, as
    the model's own.
    Returns the variant, encoder (of the words), encoders, context (earlier segments in the
    transcripts), max_tokens, the protocol and seed of the training with its test metrics and
    half-widths (`trained`), and what is measured otherwise than there (`measured_otherwise`).
    Raises InputError, with the keys to set, where the configuration makes other words or tokens.
    """
    if not bundle.preprocessing:
        raise InputError(
            f"the model of variant {bundle.variant!r} does not say what its words were made with; "
            "give the file results/models/devanet_VARIANT_final.pth of its run"
        )
    names = encoders_of(bundle.configuration)
    for name in names:
        _require_configured(bundle, name, preprocessing["encoders"])
    theirs, ours = dict(_flat(bundle.preprocessing)), dict(_flat(preprocessing))
    counted = "precomputed" in (theirs["vision.backend"], ours["vision.backend"])
    read_as = tuple(f"encoders.{name}.{key}" for name in names for key in ("layer", "max_tokens"))
    words = (*(WORDS_FROM_COUNTS if counted else WORDS), *read_as)
    wrong = [key for key in _different(theirs, ours) if key.startswith(words)]
    if PHRASES in wrong:
        raise InputError(
            f"the model of variant {bundle.variant!r} knows other words for face and voice: score "
            "with the version of devaflow, and of resources/action_units.csv, that it was trained "
            "with"
        )
    if wrong:
        raise InputError(
            f"the model of variant {bundle.variant!r} was trained with another configuration; set "
            + ", ".join(f"{key} to {json.dumps(theirs.get(key))}" for key in wrong)
        )
    return {
        "variant": bundle.variant,
        "encoder": names[0],
        "encoders": names,
        "context": context_of(bundle.configuration),
        "max_tokens": min(bundle.preprocessing["encoders"][name]["max_tokens"] for name in names),
        "trained": bundle.metrics,
        "measured_otherwise": _measured_otherwise(theirs, ours),
    }


def require_present(bundle: Bundle, specs: Mapping[str, dict[str, Any]], models: Path) -> None:
    """Raise InputError for an encoder that is not here, or is not the model's.

    specs, models: as for `find_encoder`. Of one that is still to be fetched from the hub only id
    and revision are known.
    """
    for name in encoders_of(bundle.configuration):
        spec = specs[name]
        if spec["source"] == "adapted" and not Path(spec["id"]).is_dir():
            raise InputError(
                f"the model of variant {bundle.variant!r} reads with an encoder that was adapted "
                "in its training run; adapting it again here would give a different one. Set "
                f"encoders.{name} to {{source: path, id: FOLDER, adapt: null}}, where FOLDER is "
                f"results/encoders/{name} of that run"
            )
        folder, wanted = find_encoder(spec, models), bundle.encoders[name]
        if folder:
            require_same(bundle, name, checksums(folder))
        elif (spec["id"], spec["revision"]) != (wanted["id"], wanted["revision"]):
            raise InputError(
                f"encoder {name!r} is {spec['id']} (revision {spec['revision']}), the model was "
                f"trained with {wanted['id']} (revision {wanted['revision']}); set encoders.{name} "
                "to the encoder that the model was trained with"
            )


def require_same(bundle: Bundle, name: str, sha256: Mapping[str, str]) -> None:
    """Raise InputError for an encoder whose files, of these checksums, are not the model's."""
    wanted = bundle.encoders[name]
    found = differences(wanted["sha256"], sha256)
    if found:
        raise InputError(
            f"encoder {name!r} is not the one that the model was trained with ({wanted['id']}, "
            f"revision {wanted['revision']}): {', '.join(found)} differ; set encoders.{name} to "
            "the encoder that the model was trained with"
        )


def score(bundle: Bundle, inputs: Inputs, transcripts: Transcripts, device: str) -> pd.DataFrame:
    """What the model predicts of every segment, as `devaflow.model.predict.predict` gives it."""
    (table,) = score_hidden(bundle, inputs, transcripts, [()], device)
    return table


def score_hidden(
    bundle: Bundle,
    inputs: Inputs,
    transcripts: Transcripts,
    hidden: Sequence[Sequence[str]],
    device: str,
) -> list[pd.DataFrame]:
    """What the model predicts of every segment while modalities of all are missing.

    hidden: for each table that is returned, which of text, audio and vision.
    """
    make_deterministic(0)  # with the kernels of the training
    smoothing = settings_of(bundle.configuration).loss.label_smoothing
    if _is_fine_tuned(bundle):
        given = _score_fine_tuned(bundle, inputs, transcripts, hidden, device)
        return [predictions(inputs.segments, each[0], each[1], smoothing) for each in given]
    network = bundle.network()
    return [
        predict(network, bundle.normalisation, _without(inputs, missing), smoothing, device)
        for missing in hidden
    ]


def _without(inputs: Inputs, missing: Sequence[str]) -> Inputs:
    """The same segments with these modalities masked, as those of clips that do not have them."""
    masked = torch.tensor([m in missing for m in MODALITIES], device=inputs.present.device)
    return replace(inputs, present=inputs.present & ~masked)


def _score_fine_tuned(
    bundle: Bundle,
    inputs: Inputs,
    transcripts: Transcripts,
    hidden: Sequence[Sequence[str]],
    device: str,
) -> Tensor:
    """Score and logit, float32 [len(hidden), 2, S]: the mean of what the members predict."""
    names = encoders_of(bundle.configuration)
    loaded = {name: load(transcripts.encoders[name]) for name in names}
    networks = bundle.network({name: model for name, (_, model) in loaded.items()}).to(device)
    normalisation = bundle.normalisation.to(device)
    rows = torch.arange(len(inputs.segments), device=device)
    given: list[Tensor] = []
    for number, member in enumerate(members_of(bundle.configuration)):
        encoder = loaded[member["encoder"]]
        seen = view(inputs, transcripts, member, *encoder, device).to(device)
        network = networks.get_submodule(member_name(number))
        amp = settings_of(member).training.amp
        for missing in hidden:
            left = replace(seen, inputs=_without(seen.inputs, missing))
            given += outputs(network, normalisation, left, rows, amp=amp)
    return torch.stack(given).view(-1, len(hidden), 2, len(rows)).mean(0)


def _is_fine_tuned(bundle: Bundle) -> bool:
    return isinstance(settings_of(bundle.configuration).training, FineTuningSettings)


def _require_configured(bundle: Bundle, name: str, configured: Mapping[str, Any]) -> None:
    """Raise InputError for an encoder of the model that the configuration does not define."""
    if name not in configured:
        wanted = bundle.encoders[name]
        raise InputError(
            f"the model of variant {bundle.variant!r} reads with {wanted['id']} (revision "
            f"{wanted['revision']}); define it as encoders.{name}"
        )


def _measured_otherwise(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """What measures a corpus otherwise than that of the training, a sentence each."""
    both = theirs.keys() & ours.keys()
    return [
        f"{key}: {ours.get(key)} here, {theirs.get(key)} where the model was trained"
        for key in _different(theirs, ours)
        if key.startswith(MEASURING) or (key.startswith(TOOLS) and key in both)
    ]


def _different(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Keys, in their order, whose values differ or which one of both lacks."""
    return [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def _flat(section: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys of a nested configuration with their values."""
    for key, value in section.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, here)
        else:
            yield here, value

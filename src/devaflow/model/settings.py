"""What a variant of the configuration sets for its network, its loss and its training."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from devaflow.errors import InputError

Settings = TypeVar(
    "Settings", "ModelSettings", "LossSettings", "TrainingSettings", "FineTuningSettings"
)
FINE_TUNED = "finetuned"


@dataclass(frozen=True)
class ModelSettings:
    """The network.

    `network` picks the class; heads, normalisation, pooling and fusion are the class's own.
    `modalities` are those that it sees; `represent` says whether voice and face are given as words,
    as measured values or as both. `frozen_layers` is the number of the encoder's layers, from the
    lowest, that the network 'finetuned' does not train; it reads context along only as long as a
    sequence has at most `context_tokens`. The last four keys undo, one by one, a correction of the
    reference description; `freeze_text_encoder` is named after it: it freezes the layer of every
    modality.
    """

    network: Literal["devanet", "devanet_optim", "finetuned"]
    dropout: float = 0.4
    modality_tokens: int = 8
    encoder_heads: int = 8
    modalities: Sequence[str] = ("text", "audio", "vision")
    represent: Literal["words", "values", "both"] = "words"
    frozen_layers: int = 6
    context_tokens: int = 128
    keep: Literal["tokens", "positions"] = "tokens"
    freeze_text_encoder: bool = False
    mask_padding: bool = True
    binary_head: Literal["own", "shared"] = "own"


@dataclass(frozen=True)
class LossSettings:
    """The weighted sum of a regression loss and a smoothed binary cross-entropy."""

    regression: Literal["mse", "smooth_l1", "l1"]
    regression_weight: float
    binary_weight: float
    label_smoothing: float = 0.1


@dataclass(frozen=True)
class TrainingSettings:
    """Optimiser, schedule, regularisation and the choice of the epoch that is kept.

    `modality_dropout` is the probability that a present modality is hidden in training;
    `restart_epochs` the period of cosine_warm_restarts, unused by cosine.
    """

    learning_rate: float
    weight_decay: float
    clip_norm: float
    schedule: Literal["cosine", "cosine_warm_restarts"]
    patience: int
    amsgrad: bool = False
    amp: bool = False
    restart_epochs: int = 10
    epochs: int = 80
    batch_size: int = 16
    noise_sigma: float = 0.05
    noise_probability: float = 0.5
    modality_dropout: float = 0.0
    select_by: Literal["mae", "acc2"] = "mae"


@dataclass(frozen=True)
class FineTuningSettings:
    """How the upper layers of the text encoder are trained, with the fusion on top of them.

    The learning rate rises over the first `warmup` of all steps and falls linearly to 0. A layer's
    rate is `layer_decay` times that of the layer above it.
    """

    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    clip_norm: float
    layer_decay: float = 1.0
    warmup: float = 0.1
    epochs: int = 3
    batch_size: int = 16
    amp: bool = True
    select_by: Literal["mae", "acc2"] = "mae"


class VariantSettings(NamedTuple):
    """All settings of a variant; FineTuningSettings where its network trains the encoder."""

    model: ModelSettings
    loss: LossSettings
    training: TrainingSettings | FineTuningSettings


def settings_of(variant: Mapping[str, Any]) -> VariantSettings:
    """The settings of a variant of the configuration; InputError as `settings_from`."""
    model = settings_from(ModelSettings, variant["model"], "model")
    loss = settings_from(LossSettings, variant["loss"], "loss")
    given = variant["training"]
    if model.network == FINE_TUNED:
        return VariantSettings(model, loss, settings_from(FineTuningSettings, given, "training"))
    return VariantSettings(model, loss, settings_from(TrainingSettings, given, "training"))


def settings_from(kind: type[Settings], given: Mapping[str, Any], where: str) -> Settings:
    """Settings of one `kind` from the configuration's part `given`, which stands at key `where`.

    Raises InputError for a key that is unknown or lacking, and for a word outside a key's choices.
    """
    known = {field.name for field in fields(kind)}
    required = {f.name for f in fields(kind) if f.default is MISSING}
    for key in sorted(given.keys() - known):
        raise InputError(f"{where}.{key}: unknown key; allowed here: {', '.join(sorted(known))}")
    for key in sorted(required - given.keys()):
        raise InputError(f"{where}.{key}: not set; add it")
    for key, hint in get_type_hints(kind).items():
        choices = get_args(hint) if get_origin(hint) is Literal else None
        if key in given and choices and given[key] not in choices:
            raise InputError(f"{where}.{key}: {given[key]!r}; choose one of {', '.join(choices)}")
    return kind(**given)


def members_of(variant: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The networks of a fine-tuned variant: the variant, overlaid by each of its `members`.

    Each comes once: two members that set the same would be the same network twice.
    """
    members = [overlaid(variant, member) for member in variant.get("members", [{}])]
    return [member for place, member in enumerate(members) if member not in members[:place]]


def member_name(number: int) -> str:
    """What the network of a member, counted from 0, is called among those of its variant."""
    return f"member-{number}"


def encoders_of(variant: Mapping[str, Any]) -> list[str]:
    """The encoder that a variant's words are read with, then those of its members."""
    members = [member["encoder"] for member in members_of(variant)]
    return list(dict.fromkeys([variant["encoder"], *members]))


def context_of(variant: Mapping[str, Any]) -> int:
    """Earlier segments in the transcripts that a variant is given.

    0 for a network that trains its encoder: what its members read along is put together from these.
    """
    return 0 if variant["model"]["network"] == FINE_TUNED else int(variant["context"])


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two configurations merged key by key; `above` wins."""
    merged = dict(below)
    for key, value in above.items():
        inner = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = overlaid(merged[key], value) if inner else value
    return merged

"""Whether an encoder can be used, and by the variants that are to read with it."""

from devaflow.encode.architecture import Architecture
from devaflow.errors import InputError
from devaflow.model.settings import FINE_TUNED, ModelSettings, members_of, settings_from
from devaflow.plan import Plan


def require_encoder(plan: Plan, name: str) -> None:
    """Raise InputError for an encoder that cannot be used, or not by a variant that has it."""
    plan.catalogue.require_sentences(name)
    built = plan.catalogue.architecture(name)
    if built is None:  # still to be fetched: what fits it is not known yet
        return
    plan.catalogue.require_reading(name, built)
    for variant in plan.config["variants"]:
        if name in plan.encoders_of(variant):
            _require_fit(plan, variant, name, built)


def _require_fit(plan: Plan, name: str, encoder_name: str, built: Architecture) -> None:
    """Raise InputError for a variant whose networks do not fit an encoder of theirs."""
    variant, where = plan.variant(name), f"configuration: variants.{name}.model"
    encoder = f"the encoder {encoder_name!r}"
    words = plan.catalogue.architecture(variant["encoder"])
    if words and words.hidden_size != built.hidden_size:
        raise InputError(
            f"configuration: variants.{name}.members: {encoder} has states of "
            f"{built.hidden_size} numbers, {variant['encoder']!r} of {words.hidden_size}; all "
            "encoders of a variant must have the same"
        )
    for member in members_of(variant):
        if member["encoder"] != encoder_name:
            continue
        settings = settings_from(ModelSettings, member["model"], where)
        if built.hidden_size % settings.encoder_heads:
            raise InputError(
                f"{where}.encoder_heads: {settings.encoder_heads} does not divide "
                f"{built.hidden_size}, the hidden size of {encoder}"
            )
        if settings.network == FINE_TUNED:
            built.require_trainable(where, settings.frozen_layers, encoder)

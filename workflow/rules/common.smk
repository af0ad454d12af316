# Input functions that several rules need.
import re
from functools import wraps

from devaflow.encoder_fit import require_encoder
from devaflow.files import read_json, sha256, sizes
from devaflow.planning import search_settings
from devaflow.scoring import reading, trained_model


def refusing(function):
    # What is asked here is asked when jobs are planned, and only by what needs it: who does not use
    # an encoder need not have it. Its InputError becomes one of Snakemake's, without a traceback.
    @wraps(function)
    def asked(*arguments, **options):
        try:
            return function(*arguments, **options)
        except InputError as error:
            raise WorkflowError(str(error)) from None

    return asked


def any_of(names):
    # A pattern that fits none, where there are none: Snakemake takes '' for no constraint.
    return "|".join(map(re.escape, names)) or "(?!)"


def encoder_of(wildcards):
    return plan.config["variants"][wildcards.variant]["encoder"]


@refusing
def encoder_files(wildcards):
    require_encoder(plan, wildcards.encoder)
    return plan.catalogue.files(wildcards.encoder)


@refusing
def trained_on(name, protocol):
    """What a variant or ablation is trained on."""
    plan.require_trainable()
    return described(plan.variant(name)["encoder"], plan.context_of(name), protocol) | {
        "encoders": located(plan.encoders_of(name)),
        "splits": f"results/corpus/splits/{protocol}.parquet",
    }


def scored_on(wildcards):
    """What a trained model reads to score the corpus, which the model itself says."""
    requirements = checkpoints.open_model.get().output.requirements
    asked = read_json(requirements)
    return described(asked["encoder"], asked["context"], "model") | {
        "encoders": located(asked["encoders"]),
        "requirements": requirements,
    }


def described(encoder, context, levels):
    """What is known of the segments, with the voice's levels of a protocol or of a trained model."""
    encoded = {"text": f"text-{context}", "audio": f"audio-{levels}", "vision": "vision"}
    states = {
        f"{modality}_{kind}": f"results/encodings/{encoder}/{words}.{extension}"
        for modality, words in encoded.items()
        for kind, extension in [("states", "safetensors"), ("index", "parquet")]
    }
    return states | {
        **{modality: table_of(words) for modality, words in encoded.items()},
        "functionals": f"results/audio/{plan.config['audio']['backend']}/functionals.parquet",
        "action_units": f"results/vision/{plan.vision}/action_units.parquet",
    }


def table_of(words):
    """The table of the words that are encoded as text-CONTEXT, audio-LEVELS or vision."""
    if words == "vision":
        return "results/vision/descriptions.parquet"
    modality, which = words.split("-")
    return {
        "text": f"results/text/context-{which}.parquet",
        "audio": f"results/audio/descriptions/{which}.parquet",
    }[modality]


def located(encoders):
    return [f"results/encodings/{encoder}/encoder.json" for encoder in encoders]


@refusing
def trainings_of(wildcards, pattern):
    plan.require_trainable()
    return expand(
        f"results/training/{wildcards.variant}/{{protocol}}/seed-{{seed}}/{pattern}",
        protocol=plan.protocols,
        seed=plan.config["seeds"],
    )


@refusing
def all_predictions(wildcards):
    """Files of everything that predicts; a table over all variants reads them."""
    plan.require_trainable()
    return {
        "predictions": expand(
            "results/training/{variant}/{protocol}/seed-{seed}/predictions.parquet",
            protocol=plan.protocols,
            variant=plan.config["variants"],
            seed=plan.config["seeds"],
        ),
        "references": expand("results/references/{protocol}.parquet", protocol=plan.protocols),
        "embeddings": expand(
            "results/references/{encoder}/{protocol}.parquet",
            protocol=plan.protocols,
            encoder=plan.encoders,
        ),
    }


@refusing
def ablated_predictions(wildcards):
    plan.require_trainable()
    return expand(
        "results/training/{trained}/{protocol}/seed-{seed}/predictions.parquet",
        protocol=plan.protocols,
        trained=plan.ablated,
        seed=plan.config["seeds"],
    )


@refusing
def searched_on(wildcards):
    settings = search_settings(plan)
    return trained_on(settings["variant"], settings["protocol"])


@refusing
def model_of(wildcards):
    return trained_model(plan)


@refusing
def openface_files(wildcards):
    plan.require_tools()
    return plan.openface_files

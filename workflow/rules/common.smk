# Functions for the input and the parameters of rules: Snakemake's linter wants none beside a rule.
import re
from functools import wraps

from devaflow.encoder_fit import require_encoder
from devaflow.errors import InputError
from devaflow.files import read_json, sha256, sizes
from devaflow.planning import search_settings
from devaflow.scoring import preprocessing, trained_model


def refusing(function):
    # An InputError becomes one of Snakemake's, without a traceback. What a rule asks is asked when
    # its jobs are planned: who does not use an encoder need not have it.
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


def absent(path):
    # A fetched file is an output only while it is absent. Snakemake removes an output before its
    # job, but this file serves all runs of the checkout; and Snakemake would fetch it again whenever
    # the script is newer.
    return [] if path.exists() else str(path)


def encoder_of(wildcards):
    return plan.config["variants"][wildcards.variant]["encoder"]


@refusing
def encoder_files(wildcards):
    require_encoder(plan, wildcards.encoder)
    return plan.catalogue.files(wildcards.encoder)


def rated_sentences(wildcards):
    """The table that an encoder is adapted by."""
    path = plan.catalogue.sentences(wildcards.adapted)
    # The job checks the checksum of the fetched archive: a new date alone is nothing new.
    return path if plan.catalogue.kept(wildcards.adapted) else ancient(path)


@refusing
def training_files(name, protocol):
    """Files that a variant or ablation is trained on."""
    plan.require_trainable()
    return network_files(plan.variant(name)["encoder"], plan.context_of(name), protocol) | {
        "encoders": encoder_records(plan.encoders_of(name)),
        "splits": f"results/corpus/splits/{protocol}.parquet",
    }


def scoring_files(wildcards):
    """Files that a trained model reads to score the corpus, as the model itself says."""
    requirements = checkpoints.open_model.get().output.requirements
    asked = read_json(requirements)
    return network_files(asked["encoder"], asked["context"], "model") | {
        "encoders": encoder_records(asked["encoders"]),
        "requirements": requirements,
    }


def network_files(encoder, context, levels):
    """Files that a network reads, by the names that `read_inputs` expects.

    levels: the protocol that the voice's levels are of, or 'model' for those of a trained model.
    """
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
    modality, which = words.split("-", 1)
    return {
        "text": f"results/text/context-{which}.parquet",
        "audio": f"results/audio/descriptions/{which}.parquet",
    }[modality]


def encoder_records(encoders):
    return [f"results/encodings/{encoder}/encoder.json" for encoder in encoders]


@refusing
def files_of_trainings(names, file="predictions.parquet"):
    """A file of each training of variants or ablations, as `read_trainings` expects them."""
    plan.require_trainable()
    return expand(
        "results/training/{name}/{protocol}/seed-{seed}/{file}",
        protocol=plan.protocols,
        name=names,
        seed=plan.config["seeds"],
        file=file,
    )


@refusing
def search_files(wildcards):
    settings = search_settings(plan)
    return training_files(settings["variant"], settings["protocol"])


@refusing
def model_of(wildcards):
    return trained_model(plan)


@refusing
def openface_files(wildcards):
    plan.require_tools()
    return plan.openface_files

# Input functions that several rules need.
import re


def any_of(names):
    # A pattern that fits none, where there are none: Snakemake takes '' for no constraint.
    return "|".join(map(re.escape, names)) or "(?!)"


def encoder_of(wildcards):
    return plan.config["variants"][wildcards.variant]["encoder"]


def transcripts_of(wildcards):
    return f"results/text/context-{plan.variant(wildcards.trained)['context']}.parquet"


def encodings_of(wildcards):
    settings = plan.variant(wildcards.trained)
    return encodings(settings["encoder"], settings["context"])


def own_encodings_of(wildcards):
    return encodings(plan.variant(wildcards.trained)["encoder"], context=0)


def encodings(encoder, context):
    folder = f"results/encodings/{encoder}"
    encoded = {"text": f"text-{context}", "audio": "audio", "vision": "vision"}
    return {
        f"{modality}_{kind}": f"{folder}/{name}.{extension}"
        for modality, name in encoded.items()
        for kind, extension in [("states", "safetensors"), ("index", "parquet")]
    } | {"encoder": f"{folder}/encoder.json"}


def trainings_of(wildcards, pattern):
    return expand(
        f"results/training/{wildcards.variant}/{{protocol}}/seed-{{seed}}/{pattern}",
        protocol=plan.protocols,
        seed=plan.config["seeds"],
    )

# Input functions that several rules need.


def encoder_of(wildcards):
    return plan.config["variants"][wildcards.variant]["encoder"]


def encodings_of(wildcards):
    encoder = encoder_of(wildcards)
    return {
        f"{modality}_{kind}": f"results/encodings/{encoder}/{modality}.{extension}"
        for modality in MODALITIES
        for kind, extension in [("states", "safetensors"), ("index", "parquet")]
    } | {"encoder": f"results/encodings/{encoder}/encoder.json"}


def trainings_of(wildcards, pattern):
    return expand(
        f"results/training/{wildcards.variant}/{{protocol}}/seed-{{seed}}/{pattern}",
        protocol=plan.protocols,
        seed=plan.config["seeds"],
    )

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


def all_predictions():
    """Files of everything that predicts; a table over all variants reads them."""
    trained = "results/training/{variant}/{protocol}/seed-{seed}/predictions.parquet"
    of = all_predictors()
    return {
        "predictions": expand(
            trained, protocol=of["protocols"], variant=of["variants"], seed=of["seeds"]
        ),
        "references": expand("results/references/{protocol}.parquet", protocol=of["protocols"]),
        "embeddings": expand(
            "results/references/{encoder}/{protocol}.parquet",
            protocol=of["protocols"],
            encoder=of["encoders"],
        ),
    }


def all_predictors():
    """What those files are made for, and how their intervals are drawn."""
    return {
        "protocols": plan.protocols,
        "variants": list(plan.config["variants"]),
        "seeds": plan.config["seeds"],
        "encoders": plan.encoders,
        "bootstrap_samples": plan.config["bootstrap_samples"],
    }

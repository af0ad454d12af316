# Training: one job for each variant (or VARIANT@ABLATION), protocol and seed; what is predicted with
# modalities hidden; and the search.


rule train:
    input:
        unpack(lambda wildcards: training_files(wildcards.trained, wildcards.protocol)),
        levels="results/audio/levels/{protocol}.json",
    output:
        bundle="results/training/{trained}/{protocol}/seed-{seed}/bundle.pth",
        predictions="results/training/{trained}/{protocol}/seed-{seed}/predictions.parquet",
        history="results/training/{trained}/{protocol}/seed-{seed}/history.json",
    log:
        "results/logs/train/{trained}/{protocol}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/train/{trained}/{protocol}/seed-{seed}.tsv"
    wildcard_constraints:
        trained=any_of(plan.frozen),
    conda:
        "../../envs/learning.yaml"
    # One thread: sums in another order would give other digits, and runs of several protocols,
    # seeds and variants fill the cores.
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu_jobs=1,
    params:
        configuration=lambda wildcards: plan.variant(wildcards.trained),
        max_tokens=lambda wildcards: plan.max_tokens(wildcards.trained),
        code=plan.code("train"),
    script:
        "../scripts/train.py"


# The same, for the variants whose text encoder is trained too.
use rule train as finetune with:
    log:
        "results/logs/finetune/{trained}/{protocol}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/finetune/{trained}/{protocol}/seed-{seed}.tsv"
    wildcard_constraints:
        trained=any_of(plan.finetuned),
    threads: 2
    resources:
        mem_mb=8000,
        runtime=240,
        gpu_jobs=1,


# What a trained network predicts of clips that lack a modality.
rule hide:
    input:
        unpack(lambda wildcards: training_files(wildcards.variant, wildcards.protocol)),
        bundle="results/training/{variant}/{protocol}/seed-{seed}/bundle.pth",
    output:
        expand(
            "results/training/{{variant}}@{hidden}/{{protocol}}/seed-{{seed}}/predictions.parquet",
            hidden=HIDDEN,
        ),
    log:
        "results/logs/hide/{variant}/{protocol}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/hide/{variant}/{protocol}/seed-{seed}.tsv"
    conda:
        "../../envs/learning.yaml"
    # As in the training, so that the same digits are compared.
    threads: lambda wildcards: 2 if wildcards.variant in plan.finetuned else 1
    resources:
        mem_mb=8000,
        runtime=120,
        gpu_jobs=1,
    params:
        hidden=list(HIDDEN.values()),
        max_tokens=lambda wildcards: plan.max_tokens(wildcards.variant),
        code=plan.code("hide"),
    script:
        "../scripts/hide.py"


rule search:
    input:
        unpack(search_files),
    output:
        trials="results/search.json",
        best="results/search.yaml",
    log:
        "results/logs/search.log",
    benchmark:
        "results/benchmarks/search.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 2
    resources:
        mem_mb=8000,
        runtime=2880,
        gpu_jobs=1,
    params:
        configuration=lambda wildcards: plan.variant(plan.config["search"]["variant"]),
        max_tokens=lambda wildcards: plan.max_tokens(plan.config["search"]["variant"]),
        search=plan.config["search"],
        # No output: Snakemake removes what a job that was stopped has written, and a search goes on.
        journal="results/search/journal.log",
        code=plan.code("search"),
    script:
        "../scripts/search.py"

# Training: one job for each variant (or VARIANT@ABLATION), protocol and seed.


rule train:
    input:
        unpack(encodings_of),
        splits="results/corpus/splits/{protocol}.parquet",
        text=transcripts_of,
        audio="results/audio/descriptions/{protocol}.parquet",
        vision="results/vision/descriptions.parquet",
        functionals=f"results/audio/{plan.config['audio']['backend']}/functionals.parquet",
        action_units=f"results/vision/{plan.vision}/action_units.parquet",
        levels="results/audio/levels/{protocol}.json",
        code=plan.code("train"),
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
    params:
        configuration=lambda wildcards: plan.variant(wildcards.trained),
    script:
        "../scripts/train.py"


# The same outputs as `train`, for the variants whose text encoder is trained too.
rule finetune:
    input:
        unpack(own_encodings_of),
        splits="results/corpus/splits/{protocol}.parquet",
        text="results/text/context-0.parquet",
        audio="results/audio/descriptions/{protocol}.parquet",
        vision="results/vision/descriptions.parquet",
        functionals=f"results/audio/{plan.config['audio']['backend']}/functionals.parquet",
        action_units=f"results/vision/{plan.vision}/action_units.parquet",
        levels="results/audio/levels/{protocol}.json",
        code=plan.code("finetune"),
    output:
        bundle="results/training/{trained}/{protocol}/seed-{seed}/bundle.pth",
        predictions="results/training/{trained}/{protocol}/seed-{seed}/predictions.parquet",
        history="results/training/{trained}/{protocol}/seed-{seed}/history.json",
    log:
        "results/logs/finetune/{trained}/{protocol}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/finetune/{trained}/{protocol}/seed-{seed}.tsv"
    wildcard_constraints:
        trained=any_of(plan.finetuned),
    conda:
        "../../envs/learning.yaml"
    threads: 2
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        configuration=lambda wildcards: plan.variant(wildcards.trained),
        max_tokens=lambda wildcards: plan.max_tokens(wildcards.trained),
    script:
        "../scripts/finetune.py"

# Training: one job for each variant, protocol and seed.


rule train:
    input:
        unpack(encodings_of),
        splits="results/corpus/splits/{protocol}.parquet",
        text="results/text/transcripts.parquet",
        audio="results/audio/descriptions/{protocol}.parquet",
        vision="results/vision/descriptions.parquet",
        levels="results/audio/levels/{protocol}.json",
        code=plan.code("train"),
    output:
        bundle="results/training/{variant}/{protocol}/seed-{seed}/bundle.pth",
        predictions="results/training/{variant}/{protocol}/seed-{seed}/predictions.parquet",
        history="results/training/{variant}/{protocol}/seed-{seed}/history.json",
    log:
        "results/logs/train/{variant}/{protocol}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/train/{variant}/{protocol}/seed-{seed}.tsv"
    conda:
        "../../envs/learning.yaml"
    # One thread: sums in another order would give other digits, and runs of several protocols,
    # seeds and variants fill the cores.
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        configuration=lambda wildcards: plan.config["variants"][wildcards.variant],
    script:
        "../scripts/train.py"

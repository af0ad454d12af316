# Metrics of a variant beside honest references, and the model that goes with them.


rule predict_references:
    input:
        splits="results/corpus/splits/{protocol}.parquet",
        text="results/text/context-0.parquet",
    output:
        "results/references/{protocol}.parquet",
    log:
        "results/logs/predict_references/{protocol}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=plan.code("predict_references"),
    script:
        "../scripts/predict_references.py"


rule predict_embedding_reference:
    input:
        splits="results/corpus/splits/{protocol}.parquet",
        text="results/text/context-0.parquet",
        states="results/encodings/{encoder}/text-0.safetensors",
        index="results/encodings/{encoder}/text-0.parquet",
    output:
        "results/references/{encoder}/{protocol}.parquet",
    log:
        "results/logs/predict_embedding_reference/{encoder}/{protocol}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=plan.code("predict_embedding_reference"),
    script:
        "../scripts/predict_embedding_reference.py"


rule evaluate:
    input:
        predictions=lambda wildcards: files_of_trainings([wildcards.variant]),
        bundles=lambda wildcards: files_of_trainings([wildcards.variant], "bundle.pth"),
        histories=lambda wildcards: files_of_trainings([wildcards.variant], "history.json"),
        references=expand("results/references/{protocol}.parquet", protocol=plan.protocols),
        embeddings=lambda wildcards: expand(
            "results/references/{encoder}/{protocol}.parquet",
            protocol=plan.protocols,
            encoder=encoder_of(wildcards),
        ),
        statistics=lambda wildcards: f"results/data_statistics_{encoder_of(wildcards)}.json",
        quality="results/data_quality.json",
        checksum="results/corpus/checksum.json",
        encoders=lambda wildcards: encoder_records(plan.encoders_of(wildcards.variant)),
    output:
        metrics=report(
            "results/metrics_{variant}.json",
            caption="../report/metrics.rst",
            category="Metrics",
            labels={"variant": "{variant}"},
        ),
        model="results/models/devanet_{variant}_final.pth",
    log:
        "results/logs/evaluate/{variant}.log",
    benchmark:
        "results/benchmarks/evaluate/{variant}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        configuration=lambda wildcards: plan.configuration_of(wildcards.variant),
        preprocessing=lambda wildcards: preprocessing(plan, plan.encoders_of(wildcards.variant)),
        untrainable=plan.untrainable,
        protocols=plan.protocols,
        all_code=plan.fingerprint,
        code=plan.code("evaluate"),
    script:
        "../scripts/evaluate.py"


rule draw_calibration:
    input:
        metrics="results/metrics_{variant}.json",
    output:
        report(
            "results/calibration_{variant}.svg",
            caption="../report/calibration.rst",
            category="Calibration",
            labels={"variant": "{variant}"},
        ),
    log:
        "results/logs/draw_calibration/{variant}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=plan.code("draw_calibration"),
    script:
        "../scripts/draw_calibration.py"


rule list_errors:
    input:
        predictions=expand(
            "results/training/{{variant}}/{{protocol}}/seed-{seed}/predictions.parquet",
            seed=plan.config["seeds"],
        ),
        text="results/text/context-0.parquet",
        audio="results/audio/descriptions/{protocol}.parquet",
        vision="results/vision/descriptions.parquet",
    output:
        segments="results/errors/{variant}/{protocol}/segments.csv",
        videos="results/errors/{variant}/{protocol}/videos.csv",
    log:
        "results/logs/list_errors/{variant}/{protocol}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seeds=plan.config["seeds"],
        code=plan.code("list_errors"),
    script:
        "../scripts/list_errors.py"


rule compare:
    input:
        predictions=lambda wildcards: files_of_trainings(list(plan.config["variants"])),
        references=expand("results/references/{protocol}.parquet", protocol=plan.protocols),
        embeddings=expand(
            "results/references/{encoder}/{protocol}.parquet",
            protocol=plan.protocols,
            encoder=plan.encoders,
        ),
        quality="results/data_quality.json",
    output:
        comparison="results/comparison.json",
        table="results/table.parquet",
        text="results/table.md",
    log:
        "results/logs/compare.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        protocols=plan.protocols,
        variants=list(plan.config["variants"]),
        seeds=plan.config["seeds"],
        encoders=plan.encoders,
        bootstrap_samples=plan.config["bootstrap_samples"],
        code=plan.code("compare"),
    script:
        "../scripts/compare.py"


rule collect_ablations:
    input:
        predictions=lambda wildcards: files_of_trainings(plan.ablated),
    output:
        table="results/ablations.parquet",
        figure=report(
            "results/ablations.svg", caption="../report/ablations.rst", category="Ablations"
        ),
    log:
        "results/logs/collect_ablations.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        protocols=plan.protocols,
        trained=plan.ablated,
        seeds=plan.config["seeds"],
        bootstrap_samples=plan.config["bootstrap_samples"],
        code=plan.code("collect_ablations"),
    script:
        "../scripts/collect_ablations.py"

# What there is: segments, splits, checksums, statistics and quality of the data.


rule index_corpus:
    input:
        labels=lambda wildcards: str(plan.labels),
        schema=str(plan.at("workflow/schemas/label.schema.yaml")),
    output:
        "results/corpus/segments.parquet",
    log:
        "results/logs/index_corpus.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        labels=lambda wildcards: sha256(plan.labels),
        code=plan.code("index_corpus"),
    script:
        "../scripts/index_corpus.py"


rule split_corpus:
    input:
        segments="results/corpus/segments.parquet",
    output:
        "results/corpus/splits/{protocol}.parquet",
    log:
        "results/logs/split_corpus/{protocol}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=plan.code("split_corpus"),
    script:
        "../scripts/split_corpus.py"


rule checksum_corpus:
    input:
        labels=lambda wildcards: str(plan.labels),
        data=lambda wildcards: plan.data_files,
    output:
        "results/corpus/checksum.json",
    log:
        "results/logs/checksum_corpus.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=lambda wildcards: plan.minutes_to_checksum,
    params:
        labels=lambda wildcards: sha256(plan.labels),
        sizes=lambda wildcards: sizes(plan.data_files),
        code=plan.code("checksum_corpus"),
    script:
        "../scripts/checksum_corpus.py"


rule assess_quality:
    input:
        splits=expand("results/corpus/splits/{protocol}.parquet", protocol=plan.protocols),
        transcripts="results/text/context-0.parquet",
        action_units=f"results/vision/{plan.vision}/action_units.parquet",
        functionals=f"results/audio/{plan.config['audio']['backend']}/functionals.parquet",
    output:
        quality="results/data_quality.json",
        table="results/data_quality.md",
    log:
        "results/logs/assess_quality.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        protocols=plan.protocols,
        code=plan.code("assess_quality"),
    script:
        "../scripts/assess_quality.py"


rule summarise_data:
    input:
        splits=expand("results/corpus/splits/{protocol}.parquet", protocol=plan.protocols),
        states=expand(
            "results/encodings/{{encoder}}/{encoded}.safetensors", encoded=ENCODED.values()
        ),
        indices=expand("results/encodings/{{encoder}}/{encoded}.parquet", encoded=ENCODED.values()),
    output:
        "results/data_statistics_{encoder}.json",
    log:
        "results/logs/summarise_data/{encoder}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        protocols=plan.protocols,
        names=list(ENCODED),
        code=plan.code("summarise_data"),
    script:
        "../scripts/summarise_data.py"

# From words to token states.


rule fetch_rated_sentences:
    output:
        absent(plan.models / ARCHIVE),
    log:
        "results/logs/fetch_rated_sentences.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    script:
        "../scripts/fetch_rated_sentences.py"


rule adapt_encoder:
    input:
        sentences=rated_sentences,
        encoder=lambda wildcards: encoder_records([plan.catalogue.origin(wildcards.adapted)]),
    output:
        files=[f"results/encoders/{{adapted}}/{file}" for file in ADAPTED_FILES],
        record=f"results/encoders/{{adapted}}/{RECORD}",
    log:
        "results/logs/adapt_encoder/{adapted}.log",
    benchmark:
        "results/benchmarks/adapt_encoder/{adapted}.tsv"
    wildcard_constraints:
        adapted=any_of(plan.catalogue.adapted),
    conda:
        "../../envs/learning.yaml"
    threads: 2
    resources:
        mem_mb=8000,
        runtime=240,
        gpu_jobs=1,
    params:
        settings=lambda wildcards: plan.catalogue.adaptation(wildcards.adapted),
        sizes=lambda wildcards: sizes(plan.catalogue.kept(wildcards.adapted)),
        lowercase=plan.config["text"]["lowercase"],
        code=plan.code("adapt_encoder"),
    script:
        "../scripts/adapt_encoder.py"


rule locate_encoder:
    input:
        files=encoder_files,
    output:
        "results/encodings/{encoder}/encoder.json",
    log:
        "results/logs/locate_encoder/{encoder}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        spec=lambda wildcards: plan.catalogue.spec(wildcards.encoder),
        sizes=lambda wildcards: sizes(plan.catalogue.kept(wildcards.encoder)),
        models=str(plan.models),
        code=plan.code("locate_encoder"),
    script:
        "../scripts/locate_encoder.py"


# One job for each modality, context and protocol, so that a change in one encodes this one again.
rule encode:
    input:
        table=lambda wildcards: table_of(wildcards.words),
        encoder="results/encodings/{encoder}/encoder.json",
    output:
        states="results/encodings/{encoder}/{words}.safetensors",
        index="results/encodings/{encoder}/{words}.parquet",
    log:
        "results/logs/encode/{encoder}/{words}.log",
    benchmark:
        "results/benchmarks/encode/{encoder}/{words}.tsv"
    wildcard_constraints:
        words=r"text-\d+|audio-[\w-]+|vision",
    conda:
        "../../envs/learning.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
        gpu_jobs=1,
    params:
        max_tokens=lambda wildcards: plan.config["encoders"][wildcards.encoder]["max_tokens"],
        layer=lambda wildcards: plan.config["encoders"][wildcards.encoder].get("layer"),
        code=plan.code("encode"),
    script:
        "../scripts/encode.py"

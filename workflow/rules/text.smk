# Transcripts as the encoder reads them.


rule prepare_transcripts:
    input:
        segments="results/corpus/segments.parquet",
    output:
        "results/text/context-{context}.parquet",
    log:
        "results/logs/prepare_transcripts/context-{context}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        lowercase=plan.config["text"]["lowercase"],
        context=lambda wildcards: int(wildcards.context),
        code=plan.code("prepare_transcripts"),
    script:
        "../scripts/prepare_transcripts.py"

# From the sound of video files to how the voice is, in words.


rule extract_audio:
    input:
        clips=lambda wildcards: plan.files_of("audio", wildcards.unit),
    output:
        "results/audio/opensmile/units/{unit}.parquet",
    log:
        "results/logs/extract_audio/{unit}.log",
    benchmark:
        "results/benchmarks/extract_audio/{unit}.tsv"
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=plan.sound_mb,
        runtime=lambda wildcards: plan.minutes("audio", wildcards.unit, clip=1, least=30),
    params:
        clips=lambda wildcards: plan.clips_of("audio", wildcards.unit),
        sizes=lambda wildcards: sizes(plan.files_of("audio", wildcards.unit)),
        feature_set=plan.config["audio"]["feature_set"],
        max_seconds=plan.config["audio"]["limits"]["max_seconds"],
        # Another version measures again: one table is not of two tools.
        versions=tools_of("opensmile"),
        code=plan.code("extract_audio"),
    script:
        "../scripts/extract_audio.py"


rule collect_functionals:
    input:
        units=expand("results/audio/opensmile/units/{unit}.parquet", unit=plan.units("audio")),
    output:
        "results/audio/opensmile/functionals.parquet",
    log:
        "results/logs/collect_functionals.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        segments=plan.keys,
        code=plan.code("collect_functionals"),
    script:
        "../scripts/collect_functionals.py"


rule import_functionals:
    input:
        table=lambda wildcards: plan.features("audio"),
    output:
        "results/audio/precomputed/functionals.parquet",
    log:
        "results/logs/import_functionals.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        segments=plan.keys,
        sizes=lambda wildcards: sizes(plan.features("audio")),
        code=plan.code("import_functionals"),
    script:
        "../scripts/import_functionals.py"


rule fit_levels:
    input:
        functionals=f"results/audio/{plan.config['audio']['backend']}/functionals.parquet",
        splits="results/corpus/splits/{protocol}.parquet",
    output:
        "results/audio/levels/{protocol}.json",
    log:
        "results/logs/fit_levels/{protocol}.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        fit_on=plan.config["audio"]["levels"]["fit_on"],
        scope=plan.config["audio"]["levels"]["scope"],
        code=plan.code("fit_levels"),
    script:
        "../scripts/fit_levels.py"


rule describe_audio:
    input:
        functionals=f"results/audio/{plan.config['audio']['backend']}/functionals.parquet",
        levels="results/audio/levels/{levels}.json",
    output:
        "results/audio/descriptions/{levels}.parquet",
    log:
        "results/logs/describe_audio/{levels}.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=plan.code("describe_audio"),
    script:
        "../scripts/describe_audio.py"

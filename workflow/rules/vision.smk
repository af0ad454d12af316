# From video files to what the face does, in words.


rule fetch_face_landmarker:
    output:
        absent(plan.models / FACE_MODEL),
    log:
        "results/logs/fetch_face_landmarker.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    script:
        "../scripts/fetch_face_landmarker.py"


rule extract_vision:
    input:
        clips=lambda wildcards: plan.files_of("vision", wildcards.unit),
        # The job checks its checksum: a new date alone is nothing new.
        model=ancient(str(plan.models / FACE_MODEL)),
    output:
        frames="results/vision/mediapipe/frames/{unit}.csv",
        clips="results/vision/mediapipe/clips/{unit}.parquet",
    log:
        "results/logs/extract_vision/{unit}.log",
    benchmark:
        "results/benchmarks/extract_vision/{unit}.tsv"
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=lambda wildcards: plan.minutes("vision", wildcards.unit, clip=5, least=60),
    params:
        clips=lambda wildcards: plan.clips_of("vision", wildcards.unit),
        sizes=lambda wildcards: sizes(plan.files_of("vision", wildcards.unit)),
        limits=plan.config["vision"]["limits"],
        # Another version measures again: one table is not of two tools.
        versions=tools_of("mediapipe"),
        code=plan.code("extract_vision"),
    script:
        "../scripts/extract_vision.py"


# Once before all clips: a program that does not work would fail on each of them.
rule check_openface:
    input:
        program=openface_files,
    output:
        "results/vision/openface/program.json",
    log:
        "results/logs/check_openface.log",
    priority: 100
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
        timeout_s=plan.openface_timeout,
    params:
        openface=plan.openface,
        sizes=lambda wildcards: sizes(plan.openface_files),
        code=plan.code("check_openface"),
    script:
        "../scripts/check_openface.py"


rule extract_vision_openface:
    input:
        clips=lambda wildcards: plan.files_of("vision", wildcards.unit),
        program="results/vision/openface/program.json",
    output:
        frames="results/vision/openface/frames/{unit}.csv",
        clips="results/vision/openface/clips/{unit}.parquet",
    log:
        "results/logs/extract_vision_openface/{unit}.log",
    benchmark:
        "results/benchmarks/extract_vision_openface/{unit}.tsv"
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        # OpenFace is tried again where it fails, which may be shortly before its time is over.
        runtime=lambda wildcards: plan.minutes(
            "vision", wildcards.unit, clip=2 * plan.openface_timeout / 60 + 1, least=240
        ),
        # No parameter: another limit changes nothing that was measured within this one.
        timeout_s=plan.openface_timeout,
    params:
        clips=lambda wildcards: plan.clips_of("vision", wildcards.unit),
        sizes=lambda wildcards: sizes(plan.files_of("vision", wildcards.unit)),
        openface=plan.openface,
        limits=plan.config["vision"]["limits"],
        code=plan.code("extract_vision_openface"),
    script:
        "../scripts/extract_vision_openface.py"


rule import_frames:
    input:
        tables=lambda wildcards: plan.files_of("vision", wildcards.unit),
    output:
        frames="results/vision/imported/frames/{unit}.csv",
        clips="results/vision/imported/clips/{unit}.parquet",
    log:
        "results/logs/import_frames/{unit}.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        excerpts=lambda wildcards: plan.clips_of("vision", wildcards.unit),
        sizes=lambda wildcards: sizes(plan.files_of("vision", wildcards.unit)),
        code=plan.code("import_frames"),
    script:
        "../scripts/import_frames.py"


rule count_action_units:
    input:
        frames=expand("results/vision/{{backend}}/frames/{unit}.csv", unit=plan.units("vision")),
        clips=expand("results/vision/{{backend}}/clips/{unit}.parquet", unit=plan.units("vision")),
    output:
        "results/vision/{backend}/action_units.parquet",
    log:
        "results/logs/count_action_units/{backend}.log",
    wildcard_constraints:
        backend="mediapipe|openface|imported",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        segments=plan.keys,
        min_run=plan.config["vision"]["describe"]["min_run"],
        min_confidence=plan.config["vision"]["describe"]["min_confidence"],
        code=plan.code("count_action_units"),
    script:
        "../scripts/count_action_units.py"


rule import_action_units:
    input:
        table=lambda wildcards: plan.features("vision"),
    output:
        "results/vision/precomputed/action_units.parquet",
    log:
        "results/logs/import_action_units.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        segments=plan.keys,
        sizes=lambda wildcards: sizes(plan.features("vision")),
        code=plan.code("import_action_units"),
    script:
        "../scripts/import_action_units.py"


rule describe_vision:
    input:
        action_units=f"results/vision/{plan.vision}/action_units.parquet",
        phrases=str(plan.at("resources/action_units.csv")),
    output:
        "results/vision/descriptions.parquet",
    log:
        "results/logs/describe_vision.log",
    conda:
        "../../envs/extraction.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        top_k=plan.config["vision"]["describe"]["top_k"],
        code=plan.code("describe_vision"),
    script:
        "../scripts/describe_vision.py"

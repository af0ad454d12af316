# A corpus scored by a model that was trained before: `model` in the configuration.


# A checkpoint: the model says with which encoders, and how, the corpus is to be read. What follows is
# planned after it, so that a model that does not fit stops the run before a clip is measured.
checkpoint open_model:
    output:
        requirements="results/scores/model.json",
        levels="results/audio/levels/model.json",
    log:
        "results/logs/open_model.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        # No input: as the result of a rule it would be trained again, on the corpus that it scores.
        model=model_of,
        preprocessing=lambda wildcards: preprocessing(plan, plan.config["encoders"]),
        encoders=lambda wildcards: plan.catalogue.all_specs(),
        sizes=lambda wildcards: sizes(plan.catalogue.all_kept()),
        models=str(plan.models),
        code=plan.code("open_model"),
    script:
        "../scripts/open_model.py"


rule score:
    input:
        unpack(scoring_files),
        segments="results/corpus/segments.parquet",
    output:
        table="results/scores.parquet",
        text="results/scores.csv",
        report="results/scores.json",
    log:
        "results/logs/score.log",
    benchmark:
        "results/benchmarks/score.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 2
    resources:
        mem_mb=8000,
        runtime=120,
        gpu_jobs=1,
    params:
        model=model_of,
        bootstrap_samples=plan.config["bootstrap_samples"],
        code=plan.code("score"),
    script:
        "../scripts/score.py"

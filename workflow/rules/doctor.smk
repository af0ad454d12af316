# What this machine lacks for the run that is configured. It has no output, so that it always runs.


rule doctor:
    log:
        "results/logs/doctor.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        shipped=str(plan.shipped),
        config=plan.config,
        code=plan.code("doctor"),
    script:
        "../scripts/doctor.py"

# What Snakemake's report (`snakemake --report report.html`) shows beside the figures.


rule render_page:
    input:
        text="results/{page}.md",
    output:
        report(
            "results/{page}.html",
            caption="../report/page.rst",
            category="Tables",
            labels={"table": "{page}"},
        ),
    log:
        "results/logs/render_page/{page}.log",
    wildcard_constraints:
        page="table|data_quality",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=plan.code("render_page"),
    script:
        "../scripts/render_page.py"

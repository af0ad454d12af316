"""A table in Markdown -> a page that a browser, and Snakemake's report, shows."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from pathlib import Path

        from devaflow.files import write_text
        from devaflow.report.page import as_page

        text = Path(snakemake.input.text).read_text(encoding="utf-8")
        write_text(snakemake.output[0], as_page(text, f"devaflow: {snakemake.wildcards.page}"))

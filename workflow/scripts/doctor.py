"""The configuration -> a table of what this machine lacks for it, on the terminal."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.doctor import as_table, examine
        from devaflow.errors import InputError
        from devaflow.jobs import announce
        from devaflow.planning import make_plan

        findings = examine(make_plan(snakemake.params.config, snakemake.params.shipped))
        announce(as_table(findings))
        if any(finding.fails for finding in findings):
            raise InputError("some lines say FAIL: follow the remedies below them")

"""Predictions of variants and of their ablations -> what each part is worth; a figure of it."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from itertools import product

        import pandas as pd

        from devaflow.evaluate.ablations import ablation_table, draw
        from devaflow.files import atomic, read_table, write_table

        params = snakemake.params
        trained = [n for variant, names in params.ablations.items() for n in (variant, *names)]
        runs = product(params.protocols, trained, params.seeds)
        tables = dict(zip(runs, map(read_table, snakemake.input.predictions), strict=True))
        parts = []
        for protocol, (variant, names) in product(params.protocols, params.ablations.items()):
            of = {n: {s: tables[protocol, n, s] for s in params.seeds} for n in (variant, *names)}
            whole = of.pop(variant)
            short = {name.partition("@")[2]: seeds for name, seeds in of.items()}
            rows = ablation_table(whole, short, params.bootstrap_samples)
            parts.append(pd.DataFrame(rows).assign(variant=variant, protocol=protocol))
        table = pd.concat(parts, ignore_index=True)
        write_table(snakemake.output.table, table)
        with atomic(snakemake.output.figure) as partial:
            draw(table, partial)

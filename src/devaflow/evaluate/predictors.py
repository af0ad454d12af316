"""All that is compared under one protocol: variants, their ensembles and the references."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pandas as pd

from devaflow.evaluate.predictions import ensemble, unstacked
from devaflow.files import read_table


@dataclass(frozen=True)
class Predictor:
    """Predictions of one predictor: training seed -> table; only a variant has several.

    seeds: how many training seeds stand behind it; a reference has none.
    """

    name: str
    kind: str
    runs: Mapping[int, pd.DataFrame]
    seeds: int


def comparable(first: Predictor, second: Predictor) -> bool:
    """Whether a paired test tells of two predictors which is better.

    Not of a variant and an ensemble: the error of a mean of predictions is never above the mean of
    their errors, so that the ensemble wins in every video though it is made of the same networks.
    """
    return {first.kind, second.kind} != {"variant", "ensemble"}


def predictors(
    variants: Mapping[str, Mapping[int, pd.DataFrame]], references: Mapping[str, pd.DataFrame]
) -> list[Predictor]:
    """Variants, ensembles of those with at least two seeds, and references, in this order.

    The kinds are 'variant', 'ensemble' and 'reference'; an ensemble is called 'NAME (ensemble)'.
    """
    return [
        *(Predictor(name, "variant", runs, len(runs)) for name, runs in variants.items()),
        *(_ensemble(name, runs) for name, runs in variants.items() if len(runs) > 1),
        *(Predictor(name, "reference", {0: table}, 0) for name, table in references.items()),
    ]


def _ensemble(variant: str, runs: Mapping[int, pd.DataFrame]) -> Predictor:
    together = ensemble({f"{variant}, seed {seed}": run for seed, run in runs.items()})
    return Predictor(f"{variant} (ensemble)", "ensemble", {0: together}, len(runs))


def by_training(
    protocols: Sequence[str],
    variants: Sequence[str],
    seeds: Sequence[int],
    files: Sequence[str | Path],
) -> dict[tuple[str, str, int], str | Path]:
    """(protocol, variant, training seed) -> its file, from files in this product's order.

    Raises ValueError where there are more files, or fewer.
    """
    return dict(zip(product(protocols, variants, seeds), files, strict=True))


def read_trainings(
    protocols: Sequence[str],
    variants: Sequence[str],
    seeds: Sequence[int],
    files: Sequence[str | Path],
) -> dict[str, dict[str, dict[int, pd.DataFrame]]]:
    """Protocol -> variant -> training seed -> predictions, from files in this product's order."""
    file = by_training(protocols, variants, seeds, files)
    return {
        protocol: {
            variant: {seed: read_table(file[protocol, variant, seed]) for seed in seeds}
            for variant in variants
        }
        for protocol in protocols
    }


def read_references(
    protocols: Sequence[str], files: Mapping[str, Sequence[str | Path]]
) -> dict[str, dict[str, pd.DataFrame]]:
    """Protocol -> name -> predictions, from 'references' and 'embeddings'.

    Each holds one file a protocol, in this order. Raises ValueError where there are more, or fewer.
    """
    pairs = zip(protocols, files["references"], files["embeddings"], strict=True)
    return {
        protocol: unstacked(read_table(shared)) | unstacked(read_table(own))
        for protocol, shared, own in pairs
    }


def read_predictors(
    protocols: Sequence[str],
    variants: Sequence[str],
    seeds: Sequence[int],
    encoders: Sequence[str],
    files: Mapping[str, Sequence[str | Path]],
) -> dict[str, list[Predictor]]:
    """Protocol -> its predictors, from their files.

    `files` holds, each in the order of the product of what it is made for: 'predictions'
    (protocols, variants, seeds), 'references' (protocols) and 'embeddings' (protocols, encoders).
    The reference of an encoder is called 'NAME (ENCODER)'.
    """
    trained = read_trainings(protocols, variants, seeds, files["predictions"])
    shared = dict(zip(protocols, files["references"], strict=True))
    encoded = dict(zip(product(protocols, encoders), files["embeddings"], strict=True))
    found = {}
    for protocol in protocols:
        references = unstacked(read_table(shared[protocol]))
        for encoder in encoders:
            own = unstacked(read_table(encoded[protocol, encoder]))
            references |= {f"{name} ({encoder})": table for name, table in own.items()}
        found[protocol] = predictors(trained[protocol], references)
    return found

"""What the members of a fine-tuned variant are worth, alone and together: cross-validated by video.

    python benchmarks/members.py BUNDLE [--folds 2] [--results results] [--max-tokens 128]

BUNDLE: results/training/VARIANT/PROTOCOL/seed-N/bundle.pth of a finished run, which says what the
variant is; what it reads is taken from RESULTS. The segments that the protocol does not test by
(train and valid) are parted into five folds by video. A fold is predicted by networks that were
trained on three of the others, their epoch chosen by the fourth. Printed are the metrics of each
member, of the mean of all, and of the mean of all but one, with paired tests by video: a member
that can be left out at no cost has not earned its time. Beside them stands, tested alike, what a
ridge regression on the variant's encoder (the reference embedding-ridge) reaches, alone and with a
fifth of the weight, and what the score reaches where its sign is that of the probability. A fold
of CMU-MOSI takes seven to eight minutes on two cores with bfloat16, ten without.
"""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from devaflow.corpus.clips import KEY
from devaflow.encode.states import TokenStates
from devaflow.evaluate.embeddings import embedding_ridge
from devaflow.evaluate.intervals import paired
from devaflow.evaluate.metrics import scores
from devaflow.files import read_table
from devaflow.model.bundle import read_bundle
from devaflow.model.folds import held_out_in_turn
from devaflow.model.inputs import MODALITIES, Inputs
from devaflow.model.read_inputs import read_inputs
from devaflow.model.settings import members_of
from devaflow.model.variant import train_variant
from devaflow.model.views import Transcripts

FOLDS = 5
SEED = 7  # of the folds
RIDGE = "ridge"
RIDGE_SHARE = 0.2
POSITIVE = "positive"
SHOWN = ("MAE", "Pearson", "Acc-2-Has0", "Acc-2-Non0", "Acc-7")


def files_of(results: Path, variant: dict[str, Any], protocol: str) -> dict[str, Any]:
    """What the training of a fine-tuned variant read, by the names that `read_inputs` has."""
    encoded = results / "encodings" / variant["encoder"]
    readers = sorted({member["encoder"] for member in members_of(variant)})
    names = dict(zip(MODALITIES, ("text-0", f"audio-{protocol}", "vision"), strict=True))
    (functionals,) = results.glob("audio/*/functionals.parquet")
    (action_units,) = results.glob("vision/*/action_units.parquet")
    return {
        "splits": results / "corpus/splits" / f"{protocol}.parquet",
        "text": results / "text/context-0.parquet",
        "audio": results / "audio/descriptions" / f"{protocol}.parquet",
        "vision": results / "vision/descriptions.parquet",
        "functionals": functionals,
        "action_units": action_units,
        **{f"{m}_states": encoded / f"{name}.safetensors" for m, name in names.items()},
        **{f"{m}_index": encoded / f"{name}.parquet" for m, name in names.items()},
        "encoders": [results / "encodings" / name / "encoder.json" for name in readers],
    }


def predicted(
    inputs: Inputs,
    transcripts: Transcripts,
    states: TokenStates,
    variants: list[dict[str, Any]],
    folds: int,
    seed: int,
) -> pd.DataFrame:
    """Labels of the segments in the first `folds` folds, and what predicts them.

    Columns 0, 1, ...: networks as `variants` describe them; POSITIVE: the mean of their
    probabilities of a label > 0; RIDGE: a ridge regression on `states`.
    """
    rows = torch.cat([inputs.rows("train"), inputs.rows("valid")]).sort().values
    parts = []
    for number, seen in enumerate(islice(held_out_in_turn(inputs, rows, FOLDS, SEED), folds)):
        held_out = seen.segments.loc[seen.segments["split"] == "test", [*KEY, "label"]].copy()
        held_out[POSITIVE] = 0.0
        for place, variant in enumerate(variants):
            outcome = train_variant(seen, transcripts, variant, seed, "cpu")
            found = outcome.predictions.loc[held_out.index]
            held_out[place] = found["prediction"]
            held_out[POSITIVE] += found["probability"] / len(variants)
            print(f"fold {number}, member {place}: trained", flush=True)
        ridge = embedding_ridge(seen.segments, transcripts.table, states)
        parts.append(held_out.join(ridge.set_index(KEY)["prediction"].rename(RIDGE), on=KEY))
    return pd.concat(parts)


def row(name: str, label: pd.Series, prediction: pd.Series) -> str:
    """One line of the table."""
    found = scores(label, prediction)
    return f"{name:<12}" + "".join(f"{found[metric]:>12.3f}" for metric in SHOWN)


def differences(found: pd.DataFrame, together: pd.Series, other: pd.Series) -> Iterator[str]:
    """What the members together have more than another predictor, metric by metric."""
    runs = [prediction.to_numpy()[None] for prediction in (together, other)]
    tested = paired(found["video_id"].to_numpy(), found["label"].to_numpy(), *runs, 1000)
    for metric in SHOWN:
        difference = tested[metric]
        yield (
            f"    together less that, {metric}: {difference.value:+.3f} "
            f"[{difference.low:+.3f}, {difference.high:+.3f}], p = {difference.p:.3f}"
        )


def report(found: pd.DataFrame, members: int) -> Iterator[str]:
    """Metrics of each member, of all together and of all but one; what leaving one out costs."""
    label = found["label"]
    together = found[list(range(members))].mean(axis=1)
    yield f"{len(found)} segments of {found['video_id'].nunique()} videos"
    yield " " * 12 + "".join(f"{metric:>12}" for metric in SHOWN)
    for place in range(members):
        yield row(f"member {place}", label, found[place])
    yield row("together", label, together)
    differs = (together >= 0) != (found[POSITIVE] >= 0.5)
    yield row("probability", label, together.where(~differs, -together))
    right = ((found[POSITIVE] >= 0.5) == (label >= 0)) & differs
    yield f"    it has another sign than the score in {differs.sum()}, is right in {right.sum()}"
    others = {
        "ridge": found[RIDGE],
        "with ridge": (1 - RIDGE_SHARE) * together + RIDGE_SHARE * found[RIDGE],
    }
    for place in range(members if members > 1 else 0):
        rest = [other for other in range(members) if other != place]
        others[f"without {place}"] = found[rest].mean(axis=1)
    for name, prediction in others.items():
        yield row(name, label, prediction)
        yield from differences(found, together, prediction)


def main() -> None:
    """Train the members on the folds and print what `report` says of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--max-tokens", type=int, default=128, help="that of the encoders")
    given = parser.parse_args()
    torch.set_num_threads(2)
    variant = read_bundle(given.bundle).configuration
    protocol, seed = given.bundle.parts[-3], int(given.bundle.parent.name.removeprefix("seed-"))
    files = files_of(given.results, variant, protocol)
    inputs, transcripts = read_inputs(read_table(files["splits"]), files, given.max_tokens)
    states = TokenStates.read(files["text_states"], files["text_index"])
    alone = [member | {"members": [{}]} for member in members_of(variant)]
    found = predicted(inputs, transcripts, states, alone, given.folds, seed)
    for line in report(found, len(alone)):
        print(line)


if __name__ == "__main__":
    main()

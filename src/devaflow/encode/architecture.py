"""How an encoder is built, from its config.json, and whether it can be read and trained so."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devaflow.errors import InputError

# The models whose layers `devaflow.encode.layers` can run by themselves -> how many of their
# positions stand for no token: RoBERTa and what is built like it count from behind the padding's.
BERT_FAMILY = {"bert": 0, "roberta": 2, "xlm-roberta": 2, "camembert": 2, "mpnet": 2}
# Those that keep their layers where BERT does, so that the uppermost can be left out.
LAYERED = (
    *BERT_FAMILY,
    *("big_bird", "convbert", "data2vec-text", "deberta", "deberta-v2", "electra", "ernie"),
    *("ibert", "layoutlm", "longformer", "luke", "megatron-bert", "mobilebert", "mra"),
    *("nystromformer", "rembert", "roberta-prelayernorm", "roformer", "splinter"),
    *("xlm-roberta-xl", "yoso"),
)

# How a model attends is its own code's, or PyTorch's; any other is a package's or the hub's.
ATTENTION = (None, "eager", "sdpa")


@dataclass(frozen=True)
class Architecture:
    """hidden_size: of a token state. positions: tokens that a sequence can have; None: any."""

    model_type: str
    hidden_size: int
    layers: int
    positions: int | None

    def require_reading(self, where: str, layer: int | None, max_tokens: int) -> None:
        """Raise InputError where the layer cannot be read, or there are too few positions."""
        if layer is not None and layer > self.layers:
            raise InputError(
                f"{where}.layer: {layer}, but this encoder has {self.layers} layers; choose one "
                f"from 1 to {self.layers}, or null for the last"
            )
        if layer is not None and self.model_type not in LAYERED:
            raise InputError(
                f"{where}.layer: {layer}, but this encoder is {self.model_type}, whose layers "
                "cannot be chosen, as they are not kept as in BERT; set it to null, the last"
            )
        if self.positions is not None and max_tokens > self.positions:
            raise InputError(
                f"{where}.max_tokens: {max_tokens}, but this encoder reads {self.positions} tokens "
                "at most; lower it"
            )

    def require_trainable(self, where: str, frozen: int, encoder: str) -> None:
        """Raise InputError, for the key `where`, if no layer above `frozen` ones can be trained."""
        if self.model_type not in BERT_FAMILY:
            raise InputError(
                f"{where}: layers of {', '.join(BERT_FAMILY)} can be trained; {encoder} is "
                f"{self.model_type}: choose another encoder"
            )
        if frozen >= self.layers:
            raise InputError(
                f"{where}.frozen_layers: {frozen}, but {encoder} has {self.layers} layers; leave "
                "at least one to be trained"
            )


def read_architecture(folder: Path) -> Architecture:
    """The architecture of the model in a folder.

    Raises InputError where config.json does not say it, or asks for code from elsewhere.
    """
    config: dict[str, Any] = {}
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        model_type, positions = str(config["model_type"]), config.get("max_position_embeddings")
        built = Architecture(
            model_type=model_type,
            hidden_size=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            positions=int(positions) - BERT_FAMILY.get(model_type, 0) if positions else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        kind = config.get("model_type", "unknown") if isinstance(config, dict) else "unknown"
        raise InputError(
            f"encoder folder {folder}: config.json does not say a model_type, hidden_size and "
            f"num_hidden_layers as that of BERT does (model_type: {kind}); choose another encoder, "
            f"such as one of {', '.join(BERT_FAMILY)}"
        ) from None
    _require_own_code(folder, config)
    return built


def _require_own_code(folder: Path, config: dict[str, Any]) -> None:
    """Refuse what transformers would look for in other packages, or fetch from the hub."""
    for key, value in config.items():
        foreign = "attn_implementation" in key and value not in ATTENTION
        if foreign or (key == "quantization_config" and value is not None):
            raise InputError(
                f"encoder folder {folder}: config.json asks for code that is no part of this "
                f"model ({key}: {json.dumps(value)[:80]}); remove the key if its weights are plain "
                "numbers, or choose another encoder"
            )

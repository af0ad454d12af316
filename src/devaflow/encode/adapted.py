"""What an adapted encoder consists of, and how it is adapted."""

from dataclasses import dataclass

HEAD = "score_head.safetensors"
ADAPTED_FILES = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    HEAD,
)
RECORD = "adaptation.json"


@dataclass(frozen=True)
class AdaptationSettings:
    """How an encoder is trained on; the learning rate rises over `warmup` of all steps, then falls.

    `frozen_layers`, the lowest, and the embeddings stay as they are. Sentences are cut at
    `max_tokens`.
    """

    frozen_layers: int = 4
    learning_rate: float = 5e-5
    head_learning_rate: float = 5e-4
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    warmup: float = 0.06
    epochs: int = 1
    batch_size: int = 32
    max_tokens: int = 48
    seed: int = 42
    amp: bool = True

"""What a BERT-family encoder makes of texts."""

import pickle
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from devaflow.encode.adapted import HEAD
from devaflow.encode.architecture import read_architecture
from devaflow.encode.layers import blocks_of
from devaflow.encode.states import TokenStates
from devaflow.errors import InputError
from devaflow.jobs import announce, log, progress

# Padded tokens of a batch. More do not stay in a processor's cache: 4,096 take a quarter longer.
BATCH_TOKENS = 1024
GPU_BATCH_TOKENS = 16384
MANY_UNKNOWN = 0.1  # share of tokens: rare signs and emoji are fewer


def encode(
    texts: Iterable[str],
    folder: str | Path,
    max_tokens: int,
    device: str,
    layer: int | None = None,
) -> TokenStates:
    """Encode each distinct text once: the state of every token, special ones too, after a layer.

    Of a text of several lines all is read, but only the states of the last line's tokens and of
    the special ones after them are kept: the lines before are context (see
    `devaflow.text.transcripts`). Texts are sorted by length and padded to the longest of their
    batch, not to max_tokens. The states are stored in the order of the sorted texts, whatever the
    batches were.
    max_tokens: longer texts are cut, at their beginning if texts have a context, else at their end,
    of which the user is told.
    layer: the one after which the states are read, counted from 1; None for the last. The layers
    above it are not computed.
    Raises InputError for an encoder that cannot be loaded or read so, or whose tokenizer cannot
    tell where a line begins.
    """
    read_architecture(Path(folder)).require_reading(f"encoder {folder}", layer, max_tokens)
    distinct = sorted(set(texts))
    tokenizer, model = load(Path(folder))
    if layer is not None:
        del blocks_of(model)[layer:]
    model = model.eval().to(device)
    token_ids, first = _tokens(distinct, tokenizer, max_tokens)
    read = [len(ids) for ids in token_ids]
    on_gpu = torch.device(device).type == "cuda"
    batches = list(_batches(read, GPU_BATCH_TOKENS if on_gpu else BATCH_TOKENS))
    log.info("%d distinct texts, %d tokens, %d batches", len(distinct), sum(read), len(batches))
    cut = _cut(distinct, read, tokenizer, max_tokens, folder)
    _tell_unknown(token_ids, tokenizer, folder)
    states: dict[int, torch.Tensor] = {}
    for batch in progress(batches, "encoding", "batches"):
        padded = tokenizer.pad({"input_ids": [token_ids[i] for i in batch]}, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**padded.to(device)).last_hidden_state.half().cpu()
        # A left-padding tokenizer would shift the tokens: the mask says where they are.
        kept = padded["attention_mask"].bool().cpu()
        for row, i in enumerate(batch):
            states[i] = hidden[row][kept[row]][first[i] :].clone()
    lengths = [len(states[i]) for i in range(len(distinct))]
    ends = pd.Series(lengths, dtype="int64").cumsum()
    index = pd.DataFrame({"text": distinct, "start": ends - lengths, "length": lengths, "cut": cut})
    return TokenStates(torch.cat([states[i] for i in range(len(distinct))]), index)


def _tokens(
    texts: list[str], tokenizer: PreTrainedTokenizerBase, max_tokens: int
) -> tuple[list[list[int]], list[int]]:
    """Of each text the token ids, and the place of the first whose state is kept (see `encode`)."""
    begins = [text.rfind("\n") + 1 for text in texts]
    if not any(begins):
        ids = tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"]
        return ids, [0] * len(texts)
    if not tokenizer.is_fast:
        raise InputError(
            f"encoder folder {tokenizer.name_or_path}: its tokenizer does not say where a token "
            "stands in the text, so it cannot be read with a context; set context: 0"
        )
    # Earlier segments stand in front: what is cut must be theirs.
    tokenizer.truncation_side = "left"
    read = tokenizer(texts, truncation=True, max_length=max_tokens, return_offsets_mapping=True)
    first = []
    for begin, offsets in zip(begins, read["offset_mapping"], strict=True):
        # Special tokens stand at 0, 0; a token may begin with the space before its word.
        own = [place for place, (_, end) in enumerate(offsets) if end > begin]
        first.append((own or [len(offsets) - 1])[0] if begin else 0)
    return read["input_ids"], first


def _cut(
    texts: list[str],
    read: list[int],
    tokenizer: PreTrainedTokenizerBase,
    max_tokens: int,
    folder: str | Path,
) -> list[bool]:
    """Of each text whether its last line is too long to be read; how many are is announced.

    read: how many tokens of each text are. What else is cut is context.
    """
    filled = [text for text, n in zip(texts, read, strict=True) if n == max_tokens]
    lines = {text: text[text.rfind("\n") + 1 :] for text in filled}
    longer = {t for t, line in lines.items() if len(tokenizer(line)["input_ids"]) > max_tokens}
    if longer:
        announce(
            f"encoder {folder}: {len(longer)} of {len(texts)} distinct texts are longer than "
            f"{max_tokens} tokens and not read in full; raise its max_tokens, if it can read more"
        )
    return [text in longer for text in texts]


def _tell_unknown(
    token_ids: list[list[int]], tokenizer: PreTrainedTokenizerBase, folder: str | Path
) -> None:
    """Announce it where an encoder does not know many of the words, as those of a language."""
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in token_ids)
    tokens = sum(map(len, token_ids))
    if unknown > MANY_UNKNOWN * tokens:
        announce(
            f"encoder {folder}: {unknown / tokens:.0%} of the tokens of these texts are unknown to "
            "it; choose one that reads their language (docs/data.md, Other corpora)"
        )


def load(folder: Path) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """Tokenizer and model of a folder; InputError where one cannot be loaded whole.

    The tokenizer cuts texts at their end, whichever side the folder names.
    Pickled weights are loaded without running their code, code that a model brings is not run.
    A weight that the file lacks would be drawn at random, so it is refused; the pooler is not used.
    """
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, truncation_side="right", **options)
        model, loading = AutoModel.from_pretrained(
            folder, dtype=torch.float32, output_loading_info=True, **options
        )
    except (OSError, ValueError, RuntimeError, pickle.UnpicklingError, SafetensorError) as error:
        log.exception("the encoder cannot be loaded")
        raise InputError(
            f"encoder folder {folder} cannot be loaded ({type(error).__name__}, see the log); "
            "write it again with save_pretrained, as safetensors; a model that needs code of its "
            "own cannot be used"
        ) from error
    lacking = sorted(key for key in loading["missing_keys"] if not key.startswith("pooler."))
    if lacking:
        raise InputError(
            f"encoder folder {folder}: the weights file lacks {len(lacking)} weights of a "
            f"{model.config.model_type} model, e.g. {lacking[0]}; its config.json and its weights "
            "do not belong together"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token_id = 0  # any token: what is padded is masked
    return tokenizer, model


def read_head(folder: Path) -> dict[str, Tensor] | None:
    """The linear head that came with an adapted encoder: weight [1, H], bias [1]; else None."""
    path = folder / HEAD
    return load_file(path) if path.is_file() else None


def _batches(lengths: list[int], most: int) -> Iterable[list[int]]:
    """Indices of texts of like length, together at most `most` tokens after padding."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and lengths[i] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch

"""BERT-family encoders: where they lie, and what they make of a text."""

import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer

from devaflow.encode.states import TokenStates
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.jobs import log, progress

BATCH_TOKENS = 4096


def locate_encoder(name: str, spec: dict[str, Any], models: Path) -> dict[str, Any]:
    """Find an encoder, fetching it where it comes from the hub, and say what it is.

    spec: source ('package', 'path' or 'hub'), id, revision (package version or hub commit).
    models: folder that keeps hub models, one folder for each id and revision.
    Returns name, source, id, revision, folder, hidden_size, model_type and the checksum of the
    weights. Raises InputError with the remedy where the model cannot be had or be used.
    """
    finders = {"package": _in_package, "path": _at_path, "hub": _from_hub}
    folder, revision = finders[spec["source"]](spec, models)
    weights = _weights(folder)
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    return {
        "name": name,
        "source": spec["source"],
        "id": spec["id"] if spec["source"] != "path" else folder.name,
        "revision": revision,
        "folder": str(folder.resolve()),
        "hidden_size": config.hidden_size,
        "model_type": config.model_type,
        "sha256": sha256(weights),
    }


def _in_package(spec: dict[str, Any], models: Path) -> tuple[Path, str]:
    package = spec["id"]
    try:
        installed = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise InputError(
            f"encoder package {package!r} is not installed; install it, or choose another encoder"
        ) from None
    wanted = spec.get("revision", installed)
    if installed != wanted:
        raise InputError(
            f"encoder package {package!r} is {installed}, the configuration asks for {wanted}; "
            "install that version or change its revision"
        )
    found = importlib.util.find_spec(package.replace("-", "_"))
    root = (
        Path(next(iter(found.submodule_search_locations)))
        if found and (found.submodule_search_locations)
        else None
    )
    configs = sorted(root.rglob("config.json"), key=lambda p: len(p.parts)) if root else []
    if not configs:
        raise InputError(f"encoder package {package!r} carries no config.json of a model")
    return configs[0].parent, installed


def _at_path(spec: dict[str, Any], models: Path) -> tuple[Path, str]:
    folder = Path(spec["id"]).expanduser()
    if not (folder / "config.json").is_file():
        raise InputError(
            f"encoder folder {folder} holds no config.json; give the folder that save_pretrained "
            "writes, relative to the working directory"
        )
    return folder, spec.get("revision", "local")


def _from_hub(spec: dict[str, Any], models: Path) -> tuple[Path, str]:
    from huggingface_hub import snapshot_download

    folder = models / "encoders" / f"{spec['id'].replace('/', '--')}@{spec['revision']}"
    if (folder / "config.json").is_file():
        return folder, spec["revision"]
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        snapshot_download(
            spec["id"],
            revision=spec["revision"],
            local_dir=partial,
            allow_patterns=["*.json", "*.txt", "*.safetensors", "pytorch_model.bin"],
        )
        shutil.rmtree(partial / ".cache", ignore_errors=True)
        os.replace(partial, folder)
    except Exception as error:
        raise InputError(
            f"encoder {spec['id']} (revision {spec['revision']}) cannot be fetched from the hub: "
            f"{error}. Without a network, put its files into {folder}, or use an encoder with "
            "source 'path' or 'package'"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder, spec["revision"]


def _weights(folder: Path) -> Path:
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"encoder folder {folder} holds no model.safetensors (nor pytorch_model.bin)")


def encode(
    texts: Iterable[str], folder: str | Path, max_tokens: int, truncation_side: str, device: str
) -> TokenStates:
    """Encode each distinct text once: the last hidden state of every token, special ones too.

    Texts are sorted by length and padded to the longest of their batch, not to max_tokens. The
    states are stored in the order of the sorted texts, whatever the batches were.
    max_tokens: longer texts are cut, at their end or (truncation_side 'left') at their beginning.
    """
    distinct = sorted(set(texts))
    # transformers loads pickled weights with weights_only=True and runs no remote code by default.
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, truncation_side=truncation_side
    )
    model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    model = model.eval().to(device)
    token_ids = tokenizer(distinct, truncation=True, max_length=max_tokens)["input_ids"]
    lengths = [len(ids) for ids in token_ids]
    batches = list(_batches(lengths))
    log.info("%d distinct texts, %d tokens, %d batches", len(distinct), sum(lengths), len(batches))
    states: dict[int, torch.Tensor] = {}
    for batch in progress(batches, "encoding", "batches"):
        padded = tokenizer.pad({"input_ids": [token_ids[i] for i in batch]}, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**padded.to(device)).last_hidden_state.half().cpu()
        # A left-padding tokenizer would shift the tokens: the mask says where they are.
        kept = padded["attention_mask"].bool().cpu()
        for row, i in enumerate(batch):
            states[i] = hidden[row][kept[row]].clone()
    ends = pd.Series(lengths, dtype="int64").cumsum()
    index = pd.DataFrame({"text": distinct, "start": ends - lengths, "length": lengths})
    return TokenStates(torch.cat([states[i] for i in range(len(distinct))]), index)


def _batches(lengths: list[int]) -> Iterable[list[int]]:
    """Indices of texts of like length, together at most BATCH_TOKENS after padding."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and lengths[i] * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch

"""Where an encoder lies: in a package, in a folder, or fetched from the hub. Loads no model."""

import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devaflow.encode.adapted import HEAD, RECORD
from devaflow.encode.architecture import read_architecture
from devaflow.errors import InputError
from devaflow.files import read_json, sha256

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")
MODEL_FILES = (".json", ".safetensors", ".bin", ".txt")
# What a tokenizer and a model are loaded from, but for the weights.
TOKENIZER_PARTS = ("merges.txt", "added_tokens.json", "special_tokens_map.json")
READ = ("config.json", HEAD, "tokenizer_config.json", *TOKENIZERS, *TOKENIZER_PARTS)


def find_encoder(spec: dict[str, Any], models: Path) -> Path | None:
    """The folder of an encoder, checked; None for one that is still to be fetched from the hub.

    spec: source ('package', 'path', 'hub' or 'adapted'), id, and revision (package version or hub
    commit). Of an adapted one, id is the folder that the adaptation wrote.
    models: folder that keeps hub models, one folder for each id and revision.
    Raises InputError with the remedy where the encoder cannot be used.
    """
    if spec["source"] == "hub":
        folder = hub_folder(spec, models)
        if not folder.is_dir():
            return None
    else:
        folder = _in_package(spec) if spec["source"] == "package" else Path(spec["id"])
    _check(folder)
    return folder


def locate_encoder(name: str, spec: dict[str, Any], models: Path) -> dict[str, Any]:
    """Find an encoder, fetching it where it comes from the hub, and say what it is.

    spec: as for `find_encoder`. Returns name, source, id, revision ('local' for a folder), folder
    (as the specification names it; null for a package, see `folder_of`), hidden_size, model_type,
    the record of an adaptation, and the checksums of all files, so that another tokenizer is
    another encoder. Raises InputError with the remedy where the model cannot be had or be used.
    """
    folder = find_encoder(spec, models) or _fetch(spec, models)
    built = read_architecture(folder)
    return {
        "name": name,
        "source": spec["source"],
        "id": folder.name if spec["source"] in ("path", "adapted") else spec["id"],
        "revision": _revision(spec),
        "folder": None if spec["source"] == "package" else str(folder),
        "hidden_size": built.hidden_size,
        "model_type": built.model_type,
        "adaptation": read_json(folder / RECORD) if (folder / RECORD).is_file() else None,
        "sha256": checksums(folder),
    }


def folder_of(encoder: dict[str, Any]) -> Path:
    """The folder of an encoder that `locate_encoder` told of.

    A package lies where it is installed now: an environment may be made anew beside its results.
    Raises InputError for a folder that is gone.
    """
    if encoder["source"] == "package":
        return _in_package(encoder)
    folder = Path(encoder["folder"])
    if not folder.is_dir():
        raise InputError(
            f"{folder}: the encoder {encoder['name']} was here when it was located and is gone; "
            "put it back, or run again with --forcerun locate_encoder, which looks for it again "
            "(and downloads it if it comes from the hub)"
        )
    return folder


def model_files(folder: Path) -> list[Path]:
    """What an encoder consists of: its weights, tokenizer and settings."""
    found = sorted(file for file in folder.glob("*") if file.suffix in MODEL_FILES)
    return [file for file in found if file.is_file()]  # a link may lead nowhere


def checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 of each of an encoder's files, by its name."""
    return {file.name: sha256(file) for file in model_files(folder)}


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Names of files in which two encoders differ, given their checksums.

    Of weights in two formats only those count that are loaded; a file beside the model does not.
    """
    loaded = [next((name for name in WEIGHTS if name in files), None) for files in (one, other)]
    names = {*READ, *(name for name in loaded if name)}
    return sorted(name for name in names if one.get(name) != other.get(name))


def _revision(spec: dict[str, Any]) -> str:
    """A folder has none, whatever stands in a specification that it was merged into."""
    return str(spec["revision"]) if spec["source"] in ("package", "hub") else "local"


def identity(encoder: dict[str, Any]) -> dict[str, Any]:
    """What `locate_encoder` said, without the folder: the same on every machine."""
    return {key: value for key, value in encoder.items() if key != "folder"}


def hub_folder(spec: dict[str, Any], models: Path) -> Path:
    """Where an encoder from the hub is kept."""
    return models / "encoders" / f"{spec['id'].replace('/', '--')}@{spec['revision']}"


def _check(folder: Path) -> None:
    """Refuse a folder that lacks what an encoder needs."""
    if not (folder / "config.json").is_file():
        raise InputError(
            f"encoder folder {folder} holds no config.json; give the folder that save_pretrained "
            "writes, relative to the working directory"
        )
    for files in (WEIGHTS, TOKENIZERS):
        if not any((folder / name).is_file() for name in files):
            raise InputError(
                f"encoder folder {folder} holds none of {', '.join(files)}; load the model with "
                "transformers, write it into a folder with save_pretrained and give that with the "
                "source 'path'"
            )
    read_architecture(folder)


def _in_package(spec: dict[str, Any]) -> Path:
    package = spec["id"]
    try:
        installed = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise InputError(
            f"encoder package {package!r} is not installed; install it, or choose another encoder"
        ) from None
    if installed != spec["revision"]:
        raise InputError(
            f"encoder package {package!r} is {installed}, the configuration asks for "
            f"{spec['revision']}; install that version or change its revision"
        )
    found = importlib.util.find_spec(package.replace("-", "_"))
    places = found.submodule_search_locations if found else None
    configs = [config for place in places or [] for config in Path(place).rglob("config.json")]
    if not configs:
        raise InputError(f"encoder package {package!r} carries no config.json of a model")
    # A part of a model, such as a pooling layer, lies deeper than the model itself.
    return min(configs, key=lambda config: (len(config.parts), config)).parent


def _keep(partial: Path, folder: Path) -> None:
    """Give a fetched model its name, unless another job or run has been faster."""
    try:
        os.replace(partial, folder)
    except OSError:
        if not folder.is_dir():
            raise


def _fetch(spec: dict[str, Any], models: Path) -> Path:
    from huggingface_hub import snapshot_download

    folder = hub_folder(spec, models)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        options = {"revision": spec["revision"], "local_dir": partial}
        snapshot_download(spec["id"], allow_patterns=["*.json", "*.txt", WEIGHTS[0]], **options)
        # The same weights once more, where a repository has both.
        if not (partial / WEIGHTS[0]).is_file():
            snapshot_download(spec["id"], allow_patterns=[WEIGHTS[1]], **options)
        _check(partial)
        shutil.rmtree(partial / ".cache", ignore_errors=True)
        _keep(partial, folder)
    except InputError as error:  # the folder is gone when this is read
        named = str(error).replace(f"encoder folder {partial}", f"encoder {spec['id']}")
        raise InputError(named) from None
    except Exception as error:
        raise InputError(
            f"encoder {spec['id']} (revision {spec['revision']}) cannot be fetched from the hub: "
            f"{error}. Without a network, put its files into {folder}, or use an encoder with "
            "source 'path' or 'package'"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder

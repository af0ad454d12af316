"""The configuration as validated data: one clear message for the first thing that is wrong."""

import contextlib
import copy
import difflib
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from devaflow.errors import InputError


def _is_integer(_: object, value: object) -> bool:
    """JSON Schema takes 1.0 for an integer; what counts epochs or seeds must be one."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: object, value: object) -> bool:
    """YAML knows .inf and .nan; no setting and no score can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


# What variants stand beside in one table (devaflow.evaluate.references and embeddings).
REFERENCES = {"majority", "mean", "video-id", "tfidf-ridge", "embedding-ridge"}

# Keys of a variant's model that mean something only where its encoder is trained.
FINE_TUNING_ONLY = ("frozen_layers", "context_tokens")

STRICT = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer).redefine(
    "number", _is_number
)
Validator = extend(Draft202012Validator, type_checker=STRICT)


def load_schema(path: str | Path) -> Draft202012Validator:
    """Read a JSON schema from a YAML file."""
    return Validator(yaml.safe_load(Path(path).read_text(encoding="utf-8")))


def read_scalars(config: dict[str, Any], schema: Draft202012Validator) -> dict[str, Any]:
    """The configuration with the numbers, booleans and nulls that came as text.

    Snakemake reads all that stands in a list or mapping after --config as text
    (`--config 'seeds=[1, 2]'`), and YAML 1.1 takes 2e-5 for text.
    """
    read = copy.deepcopy(config)
    for error in schema.iter_errors(config):
        if error.validator == "type" and isinstance(error.instance, str):
            *path, last = error.absolute_path
            section: Any = read
            for key in path:
                section = section[key]
            wanted = error.validator_value
            section[last] = read_scalar(
                error.instance, [wanted] if isinstance(wanted, str) else wanted
            )
    return read


def without_left_out(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without the variants that are null: a later file leaves them out so."""
    variants = config.get("variants")
    if not isinstance(variants, dict):
        return config
    return config | {"variants": {name: v for name, v in variants.items() if v is not None}}


def read_scalar(text: str, wanted: list[str]) -> Any:
    """The number, boolean or null that a text is, where one is wanted; else the text as it is."""
    readers: dict[str, list[Callable[[str], Any]]] = {
        "integer": [int],
        "number": [int, float],
        "boolean": [{"true": True, "false": False}.__getitem__],
        "null": [{"null": None}.__getitem__],
    }
    for reader in (reader for kind in wanted for reader in readers.get(kind, [])):
        with contextlib.suppress(ValueError, KeyError):
            return reader(text)
    return text


def validate_config(config: dict[str, Any], schema: Draft202012Validator) -> None:
    """Check the configuration against its schema, then what no schema can say.

    Raises InputError with the path of the first wrong key, what is there and what is allowed.
    """
    for path in _unnamed(config):
        raise InputError(f"configuration: {path}: a name must be text; put it in quotes")
    errors = sorted(schema.iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        problems = dict.fromkeys(f"configuration: {explain(error)}" for error in errors)
        raise InputError("\n".join(list(problems)[:5]))
    _check_encoders(config)
    for name, variant in config["variants"].items():
        if variant["loss"]["regression_weight"] + variant["loss"]["binary_weight"] == 0:
            raise InputError(
                f"configuration: variants.{name}.loss: regression_weight and binary_weight are "
                "both 0; one of them must be positive"
            )
        tuned = [f"model.{key}" for key in FINE_TUNING_ONLY if key in variant["model"]]
        tuned += ["members"] if "members" in variant else []
        if tuned and variant["model"]["network"] != "finetuned":
            raise InputError(
                f"configuration: variants.{name}.{tuned[0]}: only the network 'finetuned' has "
                "this; remove the key"
            )
    for name in sorted(REFERENCES & config["variants"].keys()):
        raise InputError(
            f"configuration: variants.{name}: a reference predictor has this name; choose another"
        )
    named = [("ablations", name) for name in config["ablations"]]
    for key, name in [*named, ("search.variant", config["search"]["variant"])]:
        if name not in config["variants"]:
            raise InputError(
                f"configuration: {key}: {name!r} is no variant; variants are "
                f"{', '.join(config['variants'])}"
            )
    for stage in ("vision", "audio"):
        if config[stage]["backend"] == "precomputed" and not config[stage]["precomputed"]:
            raise InputError(
                f"configuration: {stage}.precomputed: give the path of the feature table, "
                f"because {stage}.backend is 'precomputed'"
            )
        if config[stage]["backend"] != "precomputed" and not config["corpus"]["clips"]:
            raise InputError(
                f"configuration: corpus.clips: give the folder of the clips, because "
                f"{stage}.backend is {config[stage]['backend']!r}, which reads video files"
            )


def _check_encoders(config: dict[str, Any]) -> None:
    """Raise InputError for an encoder that is named but not defined, or adapted to no end."""
    encoders = config["encoders"]
    named = {}
    for name, variant in config["variants"].items():
        named[f"variants.{name}.encoder"] = variant["encoder"]
        for place, member in enumerate(variant.get("members", [])):
            if "encoder" in member:
                named[f"variants.{name}.members.{place}.encoder"] = member["encoder"]
    for name, encoder in encoders.items():
        if encoder["source"] == "adapted":
            named[f"encoders.{name}.id"] = encoder["id"]
        elif "adapt" in encoder:
            raise InputError(
                f"configuration: encoders.{name}.adapt: only an encoder with the source 'adapted' "
                "has this; remove the key"
            )
    for key, name in named.items():
        if name not in encoders:
            raise InputError(
                f"configuration: {key}: {name!r} is not defined under encoders; defined are "
                f"{', '.join(encoders)}"
            )
        if key.startswith("encoders.") and encoders[name]["source"] == "adapted":
            raise InputError(
                f"configuration: {key}: {name!r} is adapted itself; name the encoder that both "
                "start from"
            )


def _unnamed(section: Any, path: str = "") -> Iterator[str]:
    """Paths of keys that YAML did not read as text, such as 1 or true."""
    for key, value in section.items() if isinstance(section, dict) else ():
        here = f"{path}.{key}" if path else str(key)
        if not isinstance(key, str):
            yield here
        yield from _unnamed(value, here)


def explain(error: ValidationError) -> str:
    """Say in one line where a value breaks its schema, and what would be right."""
    path = ".".join(str(step) for step in error.absolute_path) or "(top level)"
    schema, value = error.schema, error.instance
    assert isinstance(schema, dict)
    if error.validator == "additionalProperties" and isinstance(value, dict):
        known = schema.get("properties", {})
        unknown = next(key for key in value if key not in known)
        near = difflib.get_close_matches(str(unknown), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        prefix = "" if path == "(top level)" else f"{path}."
        return f"{prefix}{unknown}: unknown key{hint} (allowed: {', '.join(known)})"
    if error.validator == "required":
        absent = error.message.split("'")[1]
        return f"{path}: the key {absent!r} is missing"
    if error.validator == "enum":
        allowed = ", ".join(repr(item) for item in schema["enum"])
        return f"{path}: {value!r} is not allowed; choose one of {allowed}"
    if error.validator == "type":
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return f"{path}: {value!r} is not of type {' or '.join(types)}"
    if error.validator == "pattern" and "description" in schema:
        return f"{path}: {value!r}: {schema['description']}"
    return f"{path}: {error.message}"


def find_path(path: str, shipped: str | Path) -> Path:
    """Where a configured path lies: in the working directory, or else beside the Snakefile.

    A path that is in neither place stays relative to the working directory, so that the
    error about it names the place where the user would put the file.
    """
    here = Path(path).expanduser()
    beside = Path(shipped) / here
    if not here.is_absolute() and not here.exists() and beside.exists():
        return beside
    return here

"""The configuration as validated data: one clear message for the first thing that is wrong."""

import difflib
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from devaflow.errors import InputError


def load_schema(path: str | Path) -> Draft202012Validator:
    """Read a JSON schema from a YAML file."""
    return Draft202012Validator(yaml.safe_load(Path(path).read_text(encoding="utf-8")))


def validate_config(config: dict[str, Any], schema: Draft202012Validator) -> None:
    """Check the configuration against its schema, then what no schema can say.

    Raises InputError with the path of the first wrong key, what is there and what is allowed.
    """
    errors = sorted(schema.iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        raise InputError("\n".join(f"configuration: {explain(error)}" for error in errors[:5]))
    for name, variant in config["variants"].items():
        if variant["encoder"] not in config["encoders"]:
            raise InputError(
                f"configuration: variants.{name}.encoder: {variant['encoder']!r} is not defined "
                f"under encoders; defined are {', '.join(config['encoders'])}"
            )
        if variant["loss"]["regression_weight"] + variant["loss"]["binary_weight"] == 0:
            raise InputError(
                f"configuration: variants.{name}.loss: regression_weight and binary_weight are "
                "both 0; one of them must be positive"
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
        absent = [key for key in schema["required"] if key not in value]
        return f"{path}: the key {absent[0]!r} is missing"
    if error.validator == "enum":
        allowed = ", ".join(repr(item) for item in schema["enum"])
        return f"{path}: {value!r} is not allowed; choose one of {allowed}"
    if error.validator == "type":
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return f"{path}: {value!r} is not of type {' or '.join(types)}"
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

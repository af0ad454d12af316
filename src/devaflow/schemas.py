"""Data against a schema: numbers that came as text, and one clear message for what is wrong."""

import contextlib
import difflib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend


def _is_integer(_: object, value: object) -> bool:
    """JSON Schema takes 1.0 for an integer; what counts epochs or seeds must be one."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: object, value: object) -> bool:
    """YAML knows .inf and .nan; no setting and no score can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


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
    (`--config 'seeds=[1, 2]'`), and YAML 1.1 takes 2e-5 for text. No setting is the word `null`.
    """
    read = _with_nulls(config)
    for error in list(schema.iter_errors(read)):
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


def _with_nulls(section: Any) -> Any:
    """A copy in which each text `null` is None."""
    if isinstance(section, dict):
        return {key: _with_nulls(value) for key, value in section.items()}
    if isinstance(section, list):
        return [_with_nulls(value) for value in section]
    return None if section == "null" else section


def read_scalar(text: str, wanted: list[str]) -> Any:
    """The number or boolean that a text is, where one is wanted; else the text as it is."""
    readers: dict[str, list[Callable[[str], Any]]] = {
        "integer": [int],
        "number": [int, float],
        "boolean": [{"true": True, "false": False}.__getitem__],
    }
    for reader in (reader for kind in wanted for reader in readers.get(kind, [])):
        with contextlib.suppress(ValueError, KeyError):
            return reader(text)
    return text


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
    if error.validator in ("pattern", "minimum", "maximum") and "description" in schema:
        return f"{path}: {value!r}: {schema['description']}"
    return f"{path}: {error.message}"

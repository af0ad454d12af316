"""The settings of a variant that a search may change, and in which range."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from devaflow.errors import InputError
from devaflow.model.settings import settings_of
from devaflow.schemas import read_scalar

MOST_VALUES = 64


@dataclass(frozen=True)
class Range:
    """What one setting may be: one of `choices`, or from `low` to `high`.

    part, key: where the setting stands in a variant. configured: what the variant says, or what
    holds where it says nothing. whole: only whole numbers are meant.
    """

    part: str
    key: str
    configured: Any
    choices: tuple[Any, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False
    whole: bool = False

    @property
    def name(self) -> str:
        """Such as 'training.learning_rate'."""
        return f"{self.part}.{self.key}"


def ranges(variant: Mapping[str, Any], space: Mapping[str, Any]) -> list[Range]:
    """The ranges of `space` (part -> key -> low and high, or choices; null: not searched).

    Raises InputError for a setting that the variant does not have, for a range that is none, and
    where what is configured lies outside.
    """
    found = [
        _range(variant, part, key, given)
        for part, keys in space.items()
        for key, given in keys.items()
        if given is not None
    ]
    if not found:
        raise InputError("search.space: nothing to search; give at least one setting a range")
    return found


def nested(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings by name as they stand in a variant: 'model.dropout' becomes model -> dropout."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        part, key = name.split(".")
        found.setdefault(part, {})[key] = value
    return found


def extremes(space: list[Range]) -> Iterator[dict[str, dict[str, Any]]]:
    """Settings at the edges: all numbers at their low ends, all at their high ends, each choice.

    And each whole number of a short range: of attention heads, say, only some divide a state.
    """
    numbers = [one for one in space if not one.choices]
    yield nested({one.name: one.low for one in numbers})
    yield nested({one.name: one.high for one in numbers})
    for one in space:
        short = one.whole and one.high - one.low <= MOST_VALUES
        for value in range(int(one.low), int(one.high) + 1) if short else one.choices:
            yield nested({one.name: value})


def _range(variant: Mapping[str, Any], part: str, key: str, given: Mapping[str, Any]) -> Range:
    where = f"search.space.{part}.{key}"
    settings = getattr(settings_of(variant), part)
    types = get_type_hints(type(settings))
    if key not in types:
        raise InputError(f"{where}: the variant has no such setting; set this range to null")
    if any(key in member.get(part, {}) for member in variant.get("members", [])):
        raise InputError(f"{where}: a member of the variant sets it itself; set this range to null")
    configured = getattr(settings, key)
    if isinstance(configured, tuple):  # a default; what is given comes as a list
        configured = list(configured)
    if given.keys() == {"choices"}:
        choices = tuple(_as_wanted(choice, types[key]) for choice in given["choices"])
        if configured not in choices:
            raise InputError(f"{where}: the configured {configured!r} is not among the choices")
        return Range(part, key, configured, choices=choices)
    if not {"low", "high"} <= given.keys() <= {"low", "high", "log"}:
        raise InputError(f"{where}: give either low and high (and log), or choices")
    if isinstance(configured, bool) or not isinstance(configured, int | float):
        raise InputError(f"{where}: it is no number; give choices in place of low and high")
    low, high, log = given["low"], given["high"], given.get("log", False)
    if not low < high or (log and low <= 0):
        raise InputError(f"{where}: low {low} and high {high} (log: {log}) are no range")
    if not low <= configured <= high:
        raise InputError(f"{where}: the configured {configured} is not within {low} and {high}")
    whole = types[key] is int
    return Range(part, key, configured, low=low, high=high, log=log, whole=whole)


def _as_wanted(choice: Any, wanted: type) -> Any:
    """A choice; where it came as text, as from --config, and is no text, what it says."""
    name = {bool: "boolean", int: "integer", float: "number"}.get(wanted)
    return read_scalar(choice, [name]) if name and isinstance(choice, str) else choice

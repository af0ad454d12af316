"""The configuration as validated data: one clear message for the first thing that is wrong."""

import difflib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from devaflow.errors import InputError
from devaflow.model.ablations import variant_of
from devaflow.schemas import explain

# What variants stand beside in one table (devaflow.evaluate.references and embeddings).
REFERENCES = {"majority", "mean", "video-id", "tfidf-ridge", "embedding-ridge"}

# Keys of a variant's model that mean something only where its encoder is trained.
FINE_TUNING_ONLY = ("frozen_layers", "context_tokens")


def without_left_out(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without what a later file leaves out by setting it to null.

    These are variants, with their names under `ablations`, a variant's `members` and what an
    encoder's `adapt` says: of all else that is left out a default would remain.
    """
    config = dict(config)
    for section, key in (("variants", "members"), ("encoders", "adapt")):
        if isinstance(config.get(section), dict):
            config[section] = {n: _less(key, part) for n, part in config[section].items()}
    if isinstance(config.get("variants"), dict) and isinstance(config.get("ablations"), list):
        left_out = [name for name, variant in config["variants"].items() if variant is None]
        config["ablations"] = [
            named for named in config["ablations"] if variant_of(str(named)) not in left_out
        ]
        config["variants"] = {n: v for n, v in config["variants"].items() if v is not None}
    return config


def _less(key: str, section: Any) -> Any:
    """A section without a key that is null there."""
    if not isinstance(section, dict) or section.get(key, ...) is not None:
        return section
    return {name: value for name, value in section.items() if name != key}


def with_tables(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration in which a feature table that is named is read, whatever the backend was.

    So a configuration that measures clips is turned to tables by their paths alone.
    """
    for stage in ("vision", "audio"):
        section = config.get(stage)
        if isinstance(section, dict) and section.get("precomputed"):
            config = config | {stage: section | {"backend": "precomputed"}}
    return config


def replaced_backends(given: dict[str, Any], used: dict[str, Any]) -> list[str]:
    """What to tell of the backends of `given` that measure nothing in `used` (`with_tables`)."""
    return [
        f"{stage}.precomputed names a table, so {given[stage]['backend']} does not run; to measure "
        f"the clips, set {stage}.precomputed to null"
        for stage in ("vision", "audio")
        if given[stage]["backend"] != used[stage]["backend"]
    ]


def _refuse_misspelt(config: dict[str, Any]) -> None:
    """Raise InputError for part of a variant or encoder whose name is nearly that of another."""
    for section, key in (("variants", "encoder"), ("encoders", "source")):
        named = config.get(section)
        named = named if isinstance(named, dict) else {}
        parts = {name: part for name, part in named.items() if isinstance(part, dict)}
        whole = [name for name, part in parts.items() if key in part]
        for name in parts.keys() - whole:
            if near := difflib.get_close_matches(name, whole, n=1, cutoff=0.75):
                raise InputError(
                    f"configuration: {section}.{name}: the key {key!r} is missing, without which "
                    f"nothing new is defined; did you mean {near[0]!r}?"
                )


def refuse_lost(paths: Iterable[str | Path], config: dict[str, Any]) -> None:
    """Raise InputError for what is lost when configuration files are read and merged in silence.

    paths: the files that `config` was merged from. A key that stands twice in one section: the
    reader takes the last one, and all below the first is lost. A variant that is null but was never
    defined: nothing is left out.
    """
    defined: list[str] = []
    for path in paths:
        text = Path(path).read_text(encoding="utf-8")
        try:
            document, read = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
        except yaml.YAMLError:  # JSON that YAML does not read, such as with tabs
            document, read = None, json.loads(text)
        for key in _doubled(document):
            raise InputError(
                f"{path}, line {key.start_mark.line + 1}: the key {key.value!r} stands twice in "
                "its section, and what the first says would be lost; put both together"
            )
        defined += [name for name, variant in _variants(read or {}) if variant is not None]
    for name, variant in _variants(config):
        if variant in (None, "null") and name not in defined:
            raise InputError(
                f"configuration: variants.{name}: null leaves a variant out, but there is none of "
                f"this name; there are {', '.join(dict.fromkeys(defined))}"
            )


def _variants(config: dict[str, Any]) -> list[tuple[str, Any]]:
    """The variants of a configuration that is not yet checked, those that are left out too."""
    variants = config.get("variants")
    return list(variants.items()) if isinstance(variants, dict) else []


def _doubled(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Keys of a YAML document that another of the same section repeats."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled(item)
    if isinstance(node, yaml.MappingNode):
        keys: list[object] = []
        for key, value in node.value:
            if key.value in keys:
                yield key
            keys.append(key.value)
            yield from _doubled(value)


def in_one_order(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with its keys sorted, but for the names of variants.

    Snakemake merges what the user wrote before the rest, and takes two orders of the same settings
    for different ones. Which variant comes first has a meaning: the others are compared with it.
    """
    variants = {name: _sorted(variant) for name, variant in config["variants"].items()}
    return _sorted(config) | {"variants": variants}


def _sorted(section: Any) -> Any:
    if not isinstance(section, dict):
        return section
    return {key: _sorted(section[key]) for key in sorted(section)}


def validate_config(config: dict[str, Any], schema: Draft202012Validator) -> None:
    """Check the configuration against its schema, then what no schema can say.

    Raises InputError with the path of the first wrong key, what is there and what is allowed.
    """
    for path in _unnamed(config):
        raise InputError(f"configuration: {path}: a name must be text; put it in quotes")
    _refuse_misspelt(config)
    errors = sorted(schema.iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        problems = dict.fromkeys(f"configuration: {explain(error)}" for error in errors)
        raise InputError("\n".join(list(problems)[:5]))
    _check_encoders(config)
    _check_variants(config)
    for name in config["ablations"]:
        require_variant(config, "ablations", variant_of(name))
    for stage in ("vision", "audio"):
        if config[stage]["backend"] == "precomputed" and not config[stage]["precomputed"]:
            raise InputError(
                f"configuration: {stage}.precomputed: give the path of the feature table, "
                f"because {stage}.backend is 'precomputed'"
            )
        if config[stage]["backend"] != "precomputed" and not config["corpus"]["clips"]:
            raise InputError(
                f"configuration: corpus.clips: give the folder of the clips, because "
                f"{stage}.backend is {config[stage]['backend']!r}, which reads video files; or "
                f"give {stage}.precomputed, a feature table"
            )


def _check_variants(config: dict[str, Any]) -> None:
    """Raise InputError for a variant that nothing would train, or whose keys its network lacks."""
    for name, variant in config["variants"].items():
        if variant["loss"]["regression_weight"] + variant["loss"]["binary_weight"] == 0:
            raise InputError(
                f"configuration: variants.{name}.loss: regression_weight and binary_weight are "
                "both 0; one of them must be positive"
            )
        shared = variant.get("faithful") or variant["model"].get("binary_head") == "shared"
        if variant["loss"]["regression_weight"] == 0 and not shared:
            raise InputError(
                f"configuration: variants.{name}.loss.regression_weight: 0 trains no score; make "
                "it positive, or set model.binary_head to shared: the score is the logit then"
            )
        tuned = [f"model.{key}" for key in FINE_TUNING_ONLY if key in variant["model"]]
        tuned += ["members"] if "members" in variant else []
        if tuned and variant["model"]["network"] != "finetuned":
            raise InputError(
                f"configuration: variants.{name}.{tuned[0]}: only the network 'finetuned' has "
                "this; remove the key (members: null removes the members)"
            )
    for name in sorted(REFERENCES & config["variants"].keys()):
        raise InputError(
            f"configuration: variants.{name}: a reference predictor has this name; choose another"
        )


def require_variant(config: dict[str, Any], key: str, name: str) -> None:
    """Raise InputError where a key names a variant that there is not."""
    if name not in config["variants"]:
        raise InputError(
            f"configuration: {key}: {name!r} is no variant; variants are "
            f"{', '.join(config['variants'])}"
        )


def _check_encoders(config: dict[str, Any]) -> None:
    """Raise InputError for an encoder that is not defined, that has `adapt` without the source
    'adapted', or that is adapted from an adapted one.
    """
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
                "has this; remove the key, or set it to null"
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


def find_path(path: str, shipped: str | Path) -> Path:
    """Where a configured path lies: in the working directory, or else beside the Snakefile.

    A path that is in neither place stays relative to the working directory, so that the
    error about it names the place where the user would put the file.
    """
    # Unlike Path's own, these do not raise for what cannot be a path.
    here = os.path.expanduser(path)
    beside = os.path.join(shipped, here)
    if not os.path.isabs(here) and not os.path.exists(here) and os.path.exists(beside):
        return Path(beside)
    return Path(here)

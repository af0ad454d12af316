"""The plan of a run: everything that the user gives, checked before a job starts."""

import hashlib
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from devaflow.config import (
    find_path,
    in_one_order,
    require_variant,
    validate_config,
    with_tables,
    without_left_out,
)
from devaflow.corpus.clips import Clip
from devaflow.corpus.excerpts import find_excerpts
from devaflow.corpus.index import EXTENSIONS, absences, find_clips
from devaflow.corpus.labels import Segment, read_labels, segment_table
from devaflow.corpus.splits import PROTOCOLS
from devaflow.encoder_fit import require_encoder
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.locks import RESULTS
from devaflow.model.ablations import TRAPS, variant_of
from devaflow.model.search_space import extremes, ranges
from devaflow.model.settings import overlaid
from devaflow.plan import Plan
from devaflow.provenance import PACKAGE, fingerprint
from devaflow.schemas import load_schema, read_scalars

FEWEST_LABELLED = 10
FEWEST_VIDEOS = 3
PLANNED = "DEVAFLOW_PLANNED"  # in the environment of a run and of its jobs


def make_plan(config: dict[str, Any], shipped: str | Path) -> Plan:
    """Check what the user gives before work starts; InputError says what is wrong.

    Whether this machine has programs and encoders: `Plan.require_tools`, `devaflow.encoder_fit`.
    """
    shipped = Path(shipped)
    _require_own_code(shipped)
    _require_folder(RESULTS)
    schemas = shipped / "workflow" / "schemas"
    schema = load_schema(schemas / "config.schema.yaml")
    config = with_tables(without_left_out(read_scalars(config, schema)))
    validate_config(config, schema)
    config = in_one_order(config)
    labels = find_path(config["corpus"]["labels"], shipped)
    segments = read_labels(labels, load_schema(schemas / "label.schema.yaml"))
    frames = _feature_tables(config, shipped).get("vision")
    layout = config["corpus"]["layout"]
    in_folder = frames is not None and os.path.isdir(frames)
    excerpts = find_excerpts(segments, frames, layout) if frames and in_folder else []
    folder, clips = _recordings(config, labels, segments, shipped)
    reasons = {name: why_untrainable(name, segments) for name in config["protocols"]}
    untrainable = {name: reason for name, reason in reasons.items() if reason}
    plan = Plan(config, shipped, labels, segments, clips, folder, excerpts, untrainable)
    _refuse_no_ablations(plan)
    if not config["model"]:
        plan.require_trainable()
    _refuse_braces([str(labels), *plan.data_files])
    return plan


def _require_folder(results: Path) -> None:
    """Raise InputError for a file in the place of the results, or a link to a disk that is away."""
    if os.path.lexists(results) and not results.is_dir():
        raise InputError(
            f"{results.absolute()}: not a folder, nor a link to one that is there; move it away, "
            "mount the disk that it leads to, or run in another folder with --directory"
        )


def _refuse_no_ablations(plan: Plan) -> None:
    """Raise InputError where `ablations` names one that a variant does not have."""
    for named in plan.config["ablations"]:
        variant = variant_of(named)
        has = plan.ablations(variant)
        if named not in [variant, *has]:
            raise InputError(
                f"configuration: ablations: {named!r} is none, changes nothing, or makes members "
                f"alike; those of {variant} are {', '.join(has)}"
            )


def _require_own_code(shipped: Path) -> None:
    """Raise InputError where a checkout would run the code of another one, in its environment."""
    package = shipped / "src" / PACKAGE.name
    here, there = (sorted(place.rglob("*.py")) for place in (package, PACKAGE))
    if here and package.resolve() != PACKAGE.resolve() and fingerprint(here) != fingerprint(there):
        raise InputError(
            f"{shipped.absolute()}: its code is not that which is installed here ({PACKAGE}); make "
            f"an environment of its own (make run), or set PYTHONPATH={package.parent.absolute()}"
        )


def require_planned(plan: Plan, first: bool) -> None:
    """Hold what a run plans for the processes of its jobs, which make the plan again.

    On a cluster that may be hours later, and what they did otherwise would be recorded as done as
    planned. first: whether this is the process that plans, whose environment the others inherit.
    Raises InputError in another process whose configuration or label.csv is not the planned one.
    """
    settings = json.dumps(plan.config, sort_keys=True)
    now = hashlib.sha256(f"{settings} {sha256(plan.labels)}".encode()).hexdigest()
    if first:
        os.environ[PLANNED] = now
    elif os.environ.get(PLANNED, now) != now:
        raise InputError(
            f"{plan.labels} or the configuration has changed since this run was started, so that "
            "this job would not do what was planned; run again when the others have ended"
        )


def search_settings(plan: Plan) -> dict[str, Any]:
    """The section `search`; InputError where it would try what the configuration does not allow.

    It is asked for by the search alone: who changes a variant need not think of its ranges.
    """
    settings: dict[str, Any] = plan.config["search"]
    name, protocol, variants = settings["variant"], settings["protocol"], plan.config["variants"]
    require_variant(plan.config, "search.variant", name)
    if protocol not in plan.protocols:
        reason = plan.untrainable.get(protocol, "it is not among protocols")
        raise InputError(f"configuration: search.protocol: {protocol!r} is not trained: {reason}")
    split = PROTOCOLS[protocol](segment_table(plan.segments))
    videos = split.loc[split["split"] == "train", "video_id"].nunique()
    if videos < settings["folds"]:
        raise InputError(
            f"configuration: search.folds: {settings['folds']} folds by video, but {videos} videos "
            f"are in the train part of {protocol}; lower it (a search needs {FEWEST_VIDEOS})"
        )
    if variants[name].get("faithful"):
        _refuse_traps(settings["space"])
    schema = load_schema(plan.shipped / "workflow" / "schemas" / "config.schema.yaml")
    for changed in extremes(ranges(plan.variant(name), settings["space"])):
        tried = plan.config | {"variants": variants | {name: overlaid(variants[name], changed)}}
        try:
            validate_config(tried, schema)
            other = replace(plan, config=tried)
            for encoder in other.encoders_of(name):
                require_encoder(other, encoder)
        except InputError as error:
            raise InputError(f"search.space would try what cannot be: {error}") from None
    return settings


def _refuse_traps(space: dict[str, Any]) -> None:
    """Raise InputError where a search would set what `faithful: true` sets back."""
    for part, keys in ((part, keys) for trap in TRAPS.values() for part, keys in trap.items()):
        for key in keys:
            if space.get(part, {}).get(key) is not None:
                raise InputError(
                    f"search.space.{part}.{key}: `faithful: true` of the variant sets it; set this "
                    "range to null"
                )


def _refuse_braces(paths: list[str]) -> None:
    """Raise InputError for an input file whose name cannot be told from a pattern of names."""
    for path in paths:
        if "{" in path or "}" in path:
            raise InputError(
                f"{path}: a workflow takes what stands in braces for a wildcard; rename the file "
                "or folder without braces, and its id in label.csv"
            )


def _feature_tables(config: dict[str, Any], shipped: Path) -> dict[str, Path]:
    """'vision' and 'audio', where they are precomputed -> the table (vision: or the folder)."""
    tables = {
        stage: find_path(config[stage]["precomputed"] or "", shipped)
        for stage in ("vision", "audio")
        if config[stage]["backend"] == "precomputed"
    }
    for stage, table in tables.items():
        # Unlike Path's own, these do not raise for a name that is too long.
        if not os.path.isfile(table) and not (stage == "vision" and os.path.isdir(table)):
            also = " or the folder of OpenFace's tables" if stage == "vision" else ""
            raise InputError(
                f"{table}: no such file; set {stage}.precomputed to the feature table{also}"
            )
    return tables


def _recordings(
    config: dict[str, Any], labels: Path, segments: list[Segment], shipped: Path
) -> tuple[Path | None, list[Clip]]:
    """The folder of the clips (None where none is read), and the clip of every segment."""
    reads_clips = any(config[s]["backend"] != "precomputed" for s in ("vision", "audio"))
    folder = find_path(config["corpus"]["clips"], shipped) if reads_clips else None
    clips = find_clips(segments, folder, config["corpus"]["layout"])
    if folder is not None and all(clip.path is None for clip in clips):
        raise InputError(
            f"{labels} names {len(clips)} clips, and none is there. "
            f"{absences(folder, clips, config['corpus']['layout'])}; check corpus.clips and "
            f"corpus.layout (extensions: {', '.join(sorted(EXTENSIONS))})"
        )
    return folder, clips


def why_untrainable(protocol: str, segments: list[Segment]) -> str:
    """Why a protocol has no training or no validation rows on this corpus; '' where it has."""
    labelled = [segment for segment in segments if segment.label is not None]
    if protocol == "official":
        modes = Counter(segment.mode for segment in labelled)
        few = [mode for mode, least in (("train", 2), ("valid", 1)) if modes[mode] < least]
        return f"too few labelled rows have the mode {' and '.join(map(repr, few))}" if few else ""
    if len(labelled) < FEWEST_LABELLED:
        return f"{len(labelled)} labelled segments, at least {FEWEST_LABELLED} are needed"
    videos = len({segment.video_id for segment in labelled})
    if protocol == "grouped" and videos < FEWEST_VIDEOS:
        return f"{videos} videos with labels, at least {FEWEST_VIDEOS} are needed"
    return ""

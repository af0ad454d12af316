"""What a run is about to do: checked configuration, segments, clips and units of extraction."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from devaflow.config import find_path
from devaflow.corpus.clips import Clip
from devaflow.corpus.excerpts import Excerpt
from devaflow.corpus.index import group_units
from devaflow.corpus.labels import Segment
from devaflow.encode.catalogue import Catalogue
from devaflow.errors import InputError
from devaflow.files import sizes
from devaflow.model.ablations import ABLATIONS, HIDDEN, SEPARATOR, resolve, variant_of
from devaflow.model.settings import (
    FINE_TUNED,
    VariantSettings,
    context_of,
    encoders_of,
    members_of,
    settings_of,
)
from devaflow.provenance import PACKAGE, fingerprint, modules_of
from devaflow.vision.openface_program import REGISTRY, Program

# Sections of the configuration on which no metric depends.
NOT_IN_METRICS = ("ablations", "search", "model")


@dataclass(frozen=True)
class Plan:
    """A run, known before any of its jobs starts. `shipped` is the folder of the Snakefile."""

    config: dict[str, Any]
    shipped: Path
    labels: Path
    segments: list[Segment]
    clips: list[Clip]
    clip_folder: Path | None
    excerpts: list[Excerpt]
    untrainable: dict[str, str]

    @property
    def keys(self) -> list[list[str]]:
        """(video_id, clip_id) of every segment, in the order of label.csv."""
        return [[segment.video_id, segment.clip_id] for segment in self.segments]

    @property
    def protocols(self) -> list[str]:
        """The configured protocols that this corpus can be trained on."""
        return [name for name in self.config["protocols"] if name not in self.untrainable]

    @property
    def models(self) -> Path:
        """Folder of fetched models, shared by all runs of this checkout."""
        return self.at("resources/models")

    def at(self, path: str) -> Path:
        """A path below the Snakefile's folder, relative where that is the working directory."""
        return Path(path) if self.shipped == Path.cwd() else self.shipped / path

    def code(self, script: str) -> str:
        """A checksum of workflow/scripts/SCRIPT.py and the modules that it uses, for its rule."""
        path = self.shipped / "workflow" / "scripts" / f"{script}.py"
        return fingerprint([path, *modules_of(path)])

    def features(self, stage: str) -> list[str]:
        """The precomputed feature table of 'vision' or 'audio', where one is configured."""
        table = self.config[stage]["precomputed"]
        return [str(find_path(table, self.shipped))] if table else []

    @property
    def vision(self) -> str:
        """Who gives the action units: mediapipe, openface, imported (frames) or precomputed."""
        return "imported" if self.excerpts else str(self.config["vision"]["backend"])

    @property
    def openface(self) -> dict[str, Any]:
        """What OpenFace is, with the paths found (those inside a container are left)."""
        given = self.config["vision"]["openface"]
        settings = {key: given[key] for key in ("binary", "model", "container")}
        image = settings["container"]
        if image and REGISTRY not in image:
            settings["container"] = str(find_path(image, self.shipped).absolute())
        for key in ("binary", "model"):
            # A binary without a slash is looked up on the PATH.
            named = settings[key] and (key == "model" or "/" in settings[key])
            if named and not settings["container"]:
                settings[key] = str(find_path(settings[key], self.shipped).absolute())
        return settings

    @property
    def openface_timeout(self) -> int:
        """Whole seconds after which OpenFace is stopped, so that a resource can hold them."""
        return math.ceil(self.config["vision"]["openface"]["timeout_s"])

    def openface_program(self) -> Program:
        """OpenFace as it is found here; InputError with the remedy where it is not."""
        return Program.locate(**self.openface, timeout_s=self.openface_timeout)

    def require_trainable(self) -> None:
        """Raise InputError where no protocol can be trained on this corpus."""
        if not self.protocols:
            reasons = "; ".join(f"{name}: {why}" for name, why in self.untrainable.items())
            raise InputError(
                f"{self.labels}: no protocol can be trained on this corpus ({reasons}); to score "
                "it by a model that was trained before, name that under `model` and ask for "
                "results/scores.csv"
            )

    @property
    def sound_mb(self) -> int:
        """Memory for the sound of a clip of the longest length that is measured (docs/data.md)."""
        return max(2500, math.ceil(1000 + 16 * self.config["audio"]["limits"]["max_seconds"]))

    @property
    def openface_files(self) -> list[str]:
        """OpenFace and its landmark model, or the file of the container that holds them: another
        program measures again.
        """
        image = self.openface["container"]
        if self.config["vision"]["backend"] != "openface" or (image and REGISTRY in image):
            return []
        if image:
            return [image]
        program = self.openface_program()
        return [program.binary, *([program.model] if program.model else [])]

    @property
    def data_files(self) -> list[str]:
        """Everything that is measured: clips that are there, and feature tables that are used."""
        tables = [
            table
            for stage in ("vision", "audio")
            for table in self.features(stage)
            if not Path(table).is_dir()
        ]
        recordings = [clip.path for clip in (*self.excerpts, *self.clips) if clip.path is not None]
        return tables + _readable(map(str, recordings))

    def variant(self, name: str) -> dict[str, Any]:
        """What is trained under a name: a variant of the configuration, or VARIANT@ABLATION."""
        return resolve(self.config["variants"], name, self.config["text"]["context"])

    def ablations(self, variant: str) -> list[str]:
        """Names of the ablations of a variant: those that are trained, and those that hide."""
        members = map(settings_of, members_of(self.variant(variant)))
        seen = {modality for settings in members for modality in settings.model.modalities}
        hidden = [name for name, modalities in HIDDEN.items() if seen > set(modalities)]
        return [*self._retrained(variant), *(f"{variant}{SEPARATOR}{name}" for name in hidden)]

    def _retrained(self, variant: str) -> list[str]:
        """Names of the ablations that change what is trained.

        One that makes members alike is none: fewer networks would be compared with more.
        """
        whole = _networks_of(self.variant(variant))
        names = [f"{variant}{SEPARATOR}{ablation}" for ablation in ABLATIONS]
        networks = {name: _networks_of(self.variant(name)) for name in names}
        return [n for n, own in networks.items() if own != whole and len(own) == len(whole)]

    @property
    def ablated(self) -> list[str]:
        """The variants whose ablations are wanted, each followed by all of them or those named."""
        names: dict[str, None] = {}
        for named in self.config["ablations"]:
            variant = variant_of(named)
            wanted = self.ablations(variant) if named == variant else [named]
            names |= dict.fromkeys([variant, *wanted])
        return list(names)

    @cached_property
    def finetuned(self) -> list[str]:
        """What is trained together with the upper layers of its encoder."""
        return [name for name, network in self._networks.items() if network == FINE_TUNED]

    @cached_property
    def frozen(self) -> list[str]:
        """What is trained on token states as they are: variants, and their ablations."""
        return [name for name, network in self._networks.items() if network != FINE_TUNED]

    @cached_property
    def _networks(self) -> dict[str, str]:
        """Every variant and ablation that can be trained, with its kind of network."""
        variants = self.config["variants"]
        names = [name for variant in variants for name in (variant, *self._retrained(variant))]
        return {name: self.variant(name)["model"]["network"] for name in names}

    def context_of(self, name: str) -> int:
        """Earlier segments in the transcripts that a variant or ablation is given."""
        return context_of(self.variant(name))

    def max_tokens(self, name: str) -> int:
        """The longest sequence, in tokens, that all encoders of a variant or ablation read."""
        return min(self.config["encoders"][one]["max_tokens"] for one in self.encoders_of(name))

    @cached_property
    def catalogue(self) -> Catalogue:
        """The encoders of the configuration."""
        return Catalogue(self.config["encoders"], self.shipped, self.models)

    @property
    def encoders(self) -> list[str]:
        """Encoders that a variant or a member of one reads with."""
        return sorted({e for name in self.config["variants"] for e in self.encoders_of(name)})

    def encoders_of(self, name: str) -> list[str]:
        """The encoder that the words of a variant or ablation are read with, then its members'."""
        return encoders_of(self.variant(name))

    def configuration_of(self, variant: str) -> dict[str, Any]:
        """The part of the configuration that can change the metrics of a variant."""
        settings = self.variant(variant)
        names = self.encoders_of(variant)
        names += [self.catalogue.origin(name) for name in names]
        encoders = {name: self.config["encoders"][name] for name in dict.fromkeys(names)}
        shown = self.config | {"encoders": encoders, "variants": {variant: settings}}
        return {key: value for key, value in shown.items() if key not in NOT_IN_METRICS}

    @property
    def fingerprint(self) -> str:
        """One checksum over all code of the workflow, and the phrases of the action units."""
        workflow = self.shipped / "workflow"
        files = [self.shipped / "Snakefile", self.shipped / "resources" / "action_units.csv"]
        files += [*workflow.rglob("*.smk"), *workflow.rglob("*.py")]
        return fingerprint([*files, *(f for f in PACKAGE.rglob("*.py") if f.parent.name != "demo")])

    def units(self, stage: str) -> list[str]:
        """Names of the units of extraction of 'vision' or 'audio'."""
        return list(self._units[stage])

    def clips_of(self, stage: str, unit: str) -> list[list[Any]]:
        """The clips of one unit as plain values (`Clip.row`), or its excerpts of frame tables."""
        return [clip.row for clip in self._units[stage][unit]]

    def minutes(self, stage: str, unit: str, clip: float, least: int) -> int:
        """Time for a unit of which a clip may take `clip` minutes; `least` for a small one."""
        return max(least, math.ceil(clip * len(self._units[stage][unit])))

    @property
    def minutes_to_checksum(self) -> int:
        """Time to read all that is measured, at 20 MB a second; an hour where that is less."""
        return max(60, math.ceil(sum(sizes(self.data_files)) / 20e6 / 60))

    def files_of(self, stage: str, unit: str) -> list[str]:
        """Paths of the clips of one unit that are there and may be read."""
        return _readable(str(clip.path) for clip in self._units[stage][unit] if clip.path)

    def require_tools(self) -> None:
        """Raise InputError, with the remedy, for a program that is needed and cannot be used."""
        if self.vision == "openface":
            self.openface_program().require_start()

    @cached_property
    def _units(self) -> dict[str, Mapping[str, Sequence[Clip]]]:
        """'vision' and 'audio' -> the clips of each unit of extraction."""
        unit = self.config["vision"]["unit"]
        if unit == "auto":
            unit = "clip" if self.vision == "openface" else "video"
        return {
            "vision": group_units(self.excerpts or self.clips, unit),
            "audio": group_units(self.clips, self.config["audio"]["unit"]),
        }


def _networks_of(variant: Mapping[str, Any]) -> list[tuple[str, int, VariantSettings]]:
    """What makes a variant's networks what they are, with all that is not set explicitly."""
    members = members_of(variant)
    return [(member["encoder"], member["context"], settings_of(member)) for member in members]


def _readable(paths: Iterable[str]) -> list[str]:
    """Each path once. One that may not be read would stop the run: it is the job that says so."""
    return [path for path in dict.fromkeys(paths) if os.access(path, os.R_OK)]

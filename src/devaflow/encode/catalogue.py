"""The encoders of the configuration: what each is, which files it has, whether it can be used."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devaflow.config import find_path
from devaflow.encode.adapted import ADAPTED_FILES, RECORD, AdaptationSettings
from devaflow.encode.architecture import Architecture, read_architecture
from devaflow.encode.locate import find_encoder, model_files
from devaflow.encode.rated_sentences import ARCHIVE
from devaflow.errors import InputError


@dataclass(frozen=True)
class Catalogue:
    """The section `encoders` of the configuration.

    shipped: the Snakefile's folder. models: that of what was fetched.
    """

    specs: Mapping[str, Mapping[str, Any]]
    shipped: Path
    models: Path

    def spec(self, name: str) -> dict[str, Any]:
        """Where an encoder comes from: source, id (the folder, if it lies in one) and revision.

        How it is read (max_tokens, layer) is not part of what it is.
        """
        given = self.specs[name]
        spec = {key: given[key] for key in ("source", "id", "revision") if key in given}
        if spec["source"] == "path":
            spec["id"] = str(find_path(spec["id"], self.shipped))
        elif spec["source"] == "adapted":
            spec["id"] = f"results/encoders/{name}"
        return spec

    def all_specs(self) -> dict[str, dict[str, Any]]:
        """Where each encoder comes from, by its name."""
        return {name: self.spec(name) for name in self.specs}

    def all_kept(self) -> list[str]:
        """Files that the user keeps of all encoders, without the sentences for an adaptation."""
        named = [name for name in self.specs if name not in self.adapted]
        return [file for name in named for file in self.kept(name)]

    def files(self, name: str) -> list[str]:
        """Files of an encoder that the user keeps or a job writes: a change encodes again."""
        if name in self.adapted:
            return [f"{self.spec(name)['id']}/{file}" for file in (*ADAPTED_FILES, RECORD)]
        return self.kept(name)

    def kept(self, name: str) -> list[str]:
        """Files that the user keeps of an encoder; of an adapted one, a table of sentences."""
        if name in self.adapted:
            return [self.sentences(name)] if self.specs[name]["adapt"]["sentences"] else []
        spec = self.spec(name)
        return list(map(str, model_files(Path(spec["id"])))) if spec["source"] == "path" else []

    @property
    def adapted(self) -> list[str]:
        """Encoders that are trained on before anything is read with them."""
        return [name for name, spec in self.specs.items() if spec["source"] == "adapted"]

    def origin(self, name: str) -> str:
        """The encoder that an adapted one starts from; of any other, itself."""
        return str(self.specs[name]["id"]) if name in self.adapted else name

    def sentences(self, name: str) -> str:
        """The table of rated sentences that an encoder is adapted by."""
        table = self.specs[name]["adapt"]["sentences"]
        fetched = self.models / ARCHIVE
        return str(find_path(table, self.shipped) if table else fetched)

    def adaptation(self, name: str) -> dict[str, Any]:
        """All settings that an encoder is adapted with, those not configured too."""
        given = self.specs[name]["adapt"]
        return asdict(AdaptationSettings(**{k: v for k, v in given.items() if k != "sentences"}))

    def architecture(self, name: str) -> Architecture | None:
        """How an encoder is built; None while it is still to be fetched.

        Raises InputError, with the remedy, for one that cannot be used.
        """
        folder = find_encoder(self.spec(self.origin(name)), self.models)
        return read_architecture(folder) if folder else None

    def require_reading(self, name: str, built: Architecture) -> None:
        """Raise InputError for an encoder that cannot be read or adapted as it is configured."""
        spec, where = self.specs[name], f"configuration: encoders.{name}"
        built.require_reading(where, spec.get("layer"), spec["max_tokens"])
        if name not in self.adapted:
            return
        where += ".adapt"
        settings = AdaptationSettings(**self.adaptation(name))
        origin = f"the encoder {self.origin(name)!r}"
        built.require_trainable(where, settings.frozen_layers, origin)
        if built.positions is not None and settings.max_tokens > built.positions:
            raise InputError(
                f"{where}.max_tokens: {settings.max_tokens}, but the encoder reads "
                f"{built.positions} tokens at most; lower it"
            )

    def require_sentences(self, name: str) -> None:
        """Raise InputError where the table that an encoder is to be adapted by is not there."""
        given = self.specs[name]["adapt"]["sentences"] if name in self.adapted else None
        if given and not Path(self.sentences(name)).is_file():
            raise InputError(
                f"configuration: encoders.{name}.adapt.sentences: {given}: no such file; give a "
                "table of rated sentences, or null for those that are fetched"
            )

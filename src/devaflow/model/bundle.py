"""The file that a trained model is handed on in: weights, and all that is needed to use them."""

import io
import json
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from devaflow.errors import InputError
from devaflow.files import atomic
from devaflow.model.devanet import build
from devaflow.model.finetuned import FineTunedDEVANet
from devaflow.model.inputs import MODALITIES, Normalisation
from devaflow.model.settings import (
    FINE_TUNED,
    ModelSettings,
    member_name,
    members_of,
    settings_from,
)

FORMAT = 4


@dataclass(frozen=True)
class Bundle:
    """A trained model.

    weights: the network's state dict. thresholds: the audio level thresholds. metrics: what the
    model reached. configuration: the variant's part of the configuration, with its key `model`.
    encoders: what each language model is, by its name. preprocessing: the configuration of what
    makes words and tokens of a clip. The last five hold plain JSON values.
    """

    variant: str
    weights: dict[str, Tensor]
    normalisation: Normalisation
    thresholds: dict[str, Any]
    metrics: dict[str, Any]
    configuration: dict[str, Any]
    encoders: dict[str, Any]
    preprocessing: dict[str, Any]

    def network(self, pretrained: Mapping[str, PreTrainedModel] | None = None) -> nn.Module:
        """The trained network, ready to predict.

        pretrained: the encoders by their names, which a fine-tuned variant needs; its members'
        networks come as one nn.ModuleDict. InputError where one lacks, or if weights and settings
        disagree.
        """
        try:
            # Built of shapes alone first: settings can ask for any number of weights.
            with torch.device("meta"):
                self._untrained(pretrained).load_state_dict(self.weights, assign=True)
            network = self._untrained(pretrained)
            network.load_state_dict(self.weights)
        except RuntimeError as error:
            raise InputError(
                f"bundle of variant {self.variant!r}: its weights do not fit its configuration; "
                "train this variant again"
            ) from error
        return network.eval()

    def _untrained(self, pretrained: Mapping[str, PreTrainedModel] | None) -> nn.Module:
        members = members_of(self.configuration)
        settings = [settings_from(ModelSettings, member["model"], "model") for member in members]
        if settings[0].network != FINE_TUNED:
            return build(self.normalisation.mean.shape[1], settings[0])
        for name in sorted({member["encoder"] for member in members} - (pretrained or {}).keys()):
            raise InputError(
                f"bundle of variant {self.variant!r}: it was trained together with its encoder; "
                f"load {self.encoders.get(name, {}).get('id')} and give it to network() as {name!r}"
            )
        assert pretrained is not None
        networks = (
            FineTunedDEVANet(pretrained[member["encoder"]], model)
            for member, model in zip(members, settings, strict=True)
        )
        return nn.ModuleDict({member_name(n): network for n, network in enumerate(networks)})


KEYS = {"format", *(field.name for field in fields(Bundle))}
# What PyTorch raises for files that it did not write, or that were damaged later.
DAMAGED = (
    *(pickle.UnpicklingError, zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError),
    *(LookupError, TypeError, AttributeError, AssertionError),
)
JSON_KEYS = ("thresholds", "metrics", "configuration", "encoders", "preprocessing")


def write_bundle(path: str | Path, bundle: Bundle) -> None:
    """Write `bundle`; equal content gives equal bytes, whatever the file is called."""
    content = {
        "format": FORMAT,
        "variant": bundle.variant,
        "weights": {k: w.detach().cpu().contiguous() for k, w in bundle.weights.items()},
        "normalisation": vars(bundle.normalisation),
        # pickle writes an object that it has met before as a reference: fresh copies make the
        # bytes depend on the values alone. NaN and foreign types are refused here.
        **{k: json.loads(json.dumps(getattr(bundle, k), allow_nan=False)) for k in JSON_KEYS},
    }
    # Saved to a file, the archive would carry that file's temporary name.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with atomic(path) as partial:
        partial.write_bytes(buffer.getvalue())


def read_bundle(path: str | Path) -> Bundle:
    """Read a bundle without running any code it may hold; InputError if it is not a bundle."""
    try:
        _require_whole(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such model; train the variant first") from None
    except DAMAGED as error:
        raise InputError(
            f"{path}: not a model bundle, a damaged one, or one that holds pickled code, which is "
            "never run; copy it anew, or train the variant again"
        ) from error
    _check(path, content)
    normalisation = Normalisation(**content.pop("normalisation"))
    del content["format"]
    return Bundle(normalisation=normalisation, **content)


def _require_whole(path: str | Path) -> None:
    """Refuse what PyTorch would read: compressed members, which it never writes, and damaged ones,
    whose checksums it does not compare: their weights would score.
    """
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("the archive is compressed")
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is damaged")


def _check(path: str | Path, content: Any) -> None:
    """Raise InputError unless `content` has the keys and the types of a bundle."""
    remedy = "train the variant again with this version"
    if not isinstance(content, dict) or content.keys() != KEYS:
        found = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise InputError(f"{path}: a bundle has the keys {sorted(KEYS)}, found {found}; {remedy}")
    if content["format"] != FORMAT:
        raise InputError(f"{path}: format {content['format']!r}, expected {FORMAT}; {remedy}")
    dicts = all(isinstance(content[key], dict) for key in (*JSON_KEYS, "weights", "normalisation"))
    if not dicts or not isinstance(content["configuration"].get("model"), dict):
        raise InputError(f"{path}: a part of the bundle has the wrong type; {remedy}")
    tensors = [*content["weights"].values(), *content["normalisation"].values()]
    statistics = content["normalisation"]
    if (
        not all(isinstance(tensor, Tensor) for tensor in tensors)
        or statistics.keys() != {field.name for field in fields(Normalisation)}
        or any(
            statistics[key].ndim != 2 or len(statistics[key]) != len(MODALITIES)
            for key in ("mean", "std")
        )
    ):
        raise InputError(f"{path}: weights or normalisation statistics are no tensors; {remedy}")
    # A tensor may repeat one stored number as often as it likes.
    if (
        sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        > Path(path).stat().st_size
    ):
        raise InputError(f"{path}: its tensors are larger than the file; {remedy}")

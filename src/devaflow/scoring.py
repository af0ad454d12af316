"""What a corpus is scored with, and how it is read for that."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from devaflow.audio.describe import WORDS as VOICE_WORDS
from devaflow.config import find_path
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.plan import Plan
from devaflow.versions import tools_of
from devaflow.vision.describe import WORDS as FACE_WORDS


def trained_model(plan: Plan) -> dict[str, Any]:
    """The trained model that scores the corpus: path, size (bytes) and date (seconds).

    InputError where there is none. It is a file like label.csv: no run trains it to score.
    """
    given = plan.config["model"]
    path = find_path(given, plan.shipped) if given else None
    if path is None or not (os.path.isfile(path) and os.access(path, os.R_OK)):
        named = f"{path}: no such file, or it may not be read; " if path else ""
        raise InputError(
            f"configuration: model: {named}name the trained model that scores the corpus, "
            "results/models/devanet_VARIANT_final.pth of its run (made with "
            "results/metrics_VARIANT.json)"
        )
    found = path.stat()
    return {"path": str(path), "size": found.st_size, "date": int(found.st_mtime)}


def preprocessing(plan: Plan, encoders: Iterable[str]) -> dict[str, Any]:
    """What words and tokens of a clip depend on: settings, phrases, and versions of the tools."""
    vision, audio = plan.config["vision"], plan.config["audio"]
    specs = {name: plan.config["encoders"][name] for name in encoders}
    return {
        "vision": {
            "backend": plan.vision,
            "tools": tools_of(plan.vision),
            "limits": vision["limits"],
            "describe": vision["describe"],
            "phrases": _phrases(plan.shipped / "resources" / "action_units.csv"),
        },
        "audio": {key: audio[key] for key in ("backend", "limits", "feature_set")}
        | {"tools": tools_of(audio["backend"])},
        "text": {"lowercase": plan.config["text"]["lowercase"]},
        "encoders": {
            name: {"layer": spec.get("layer"), "max_tokens": spec["max_tokens"]}
            for name, spec in specs.items()
        },
    }


def _phrases(action_units: Path) -> str:
    """A checksum of all words that face and voice are described in."""
    words = [sha256(action_units), FACE_WORDS, VOICE_WORDS]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()

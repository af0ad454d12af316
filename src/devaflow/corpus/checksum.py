"""One checksum over everything that is read: a corpus is the same when this is the same."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from devaflow.files import sha256
from devaflow.jobs import progress


def checksum_corpus(labels: str | Path, data: Iterable[str | Path]) -> dict[str, str | int]:
    """SHA-256 of label.csv, and one over it and all clips and feature tables, in their order.

    File names do not count, so that a corpus keeps its checksum where folders are renamed.
    """
    labels_sum = sha256(labels)
    digest = hashlib.sha256(labels_sum.encode())
    files = list(data)
    for file in progress(files, "checksums", "files"):
        digest.update(sha256(file).encode())
    return {"labels_sha256": labels_sum, "files": len(files), "sha256": digest.hexdigest()}

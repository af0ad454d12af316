from pathlib import Path

import pytest

from devaflow.corpus.checksum import checksum_corpus


@pytest.fixture
def corpus(tmp_path):
    """A folder with labels and two clips."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "label.csv").write_text("video_id,clip_id,text,label\n")
    (folder / "0.mp4").write_bytes(b"one clip")
    (folder / "1.mp4").write_bytes(b"another")
    return folder


def checksum(folder: Path):
    return checksum_corpus(folder / "label.csv", sorted(folder.glob("*.mp4")))


def test_a_corpus_is_the_same_where_its_folder_is_renamed(corpus):
    before = checksum(corpus)
    assert before["files"] == 2
    assert checksum(corpus.rename(corpus.with_name("renamed"))) == before


@pytest.mark.parametrize("file", ["label.csv", "0.mp4", "1.mp4"])
def test_another_byte_in_any_file_is_another_corpus(corpus, file):
    before = checksum(corpus)
    with (corpus / file).open("ab") as stream:
        stream.write(b"\n")
    after = checksum(corpus)
    assert after["sha256"] != before["sha256"]
    assert (after["labels_sha256"] != before["labels_sha256"]) == (file == "label.csv")

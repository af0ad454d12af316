import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from devaflow.encode.states import TokenStates
from devaflow.errors import InputError
from devaflow.files import (
    atomic,
    read_json,
    read_table,
    remove_partial,
    require_space,
    sha256,
    sizes,
    write_json,
    write_table,
)
from devaflow.model.bundle import Bundle, write_bundle
from devaflow.model.inputs import Normalisation
from devaflow.vision.frames import COLUMNS, write_frames


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "out.txt"
    with pytest.raises(TypeError), atomic(target) as partial:
        partial.write_text("half") + "a"
    assert list(target.parent.iterdir()) == []
    with atomic(target) as partial:
        partial.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"


def test_a_failed_write_leaves_the_former_file(tmp_path):
    target = tmp_path / "out.json"
    write_json(target, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(target, {"a": float("nan")})
    assert read_json(target) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_tables_keep_ids_as_strings_and_their_bytes(tmp_path):
    table = pd.DataFrame({"video_id": ["007", "1e5", "NaN"], "label": [0.5, None, -3]})
    write_table(tmp_path / "a.parquet", table)
    write_table(tmp_path / "b.parquet", table)
    assert read_table(tmp_path / "a.parquet")["video_id"].tolist() == ["007", "1e5", "NaN"]
    assert sha256(tmp_path / "a.parquet") == sha256(tmp_path / "b.parquet")


def test_a_file_has_the_permissions_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    write_json(tmp_path / "out.json", 1)
    assert os.umask(before) == 0o027, "nor does it stay another"
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o640


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    write_json(tmp_path / "deep/er/out.json", 1)
    code = "import os; from devaflow.files import atomic\n"
    code += "with atomic('deep/er/new.json') as p: p.write_text('half'); os.kill(os.getpid(), 9)"
    job = subprocess.run([sys.executable, "-c", code], cwd=tmp_path)
    assert job.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "deep/er").iterdir())) == 2
    (tmp_path / "deep/.part.folder").mkdir()
    (tmp_path / "deep/.part.folder/half").touch()
    remove_partial(tmp_path)
    assert [path.name for path in (tmp_path / "deep/er").iterdir()] == ["out.json"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["er"]


def test_an_error_that_the_system_reports_late_is_not_lost(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(122, "Disk quota exceeded")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="quota"):
        write_json(tmp_path / "out.json", 1)
    assert list(tmp_path.iterdir()) == []


LONG = pd.DataFrame({"number": np.random.default_rng(0).random(60_000)})
FRAMES = pd.DataFrame(0.0, index=range(4000), columns=COLUMNS)
FRAMES[["video_id", "clip_id", "backend"]] = "a", "1", "mediapipe"
WEIGHTS = torch.rand(100_000)
BUNDLE = Bundle("a", {"weights": WEIGHTS}, Normalisation(*[WEIGHTS] * 4), *[{}] * 5)
STATES = TokenStates(torch.zeros(4000, 100, dtype=torch.float16), LONG[:1])
WRITERS = {
    "json": lambda path: write_json(path, LONG["number"].tolist()),
    "parquet": lambda path: write_table(path, LONG),
    "csv": lambda path: write_frames(path, FRAMES),
    "safetensors": lambda path: STATES.write(path, path.with_suffix(".parquet"), "CPU"),
    "pth": lambda path: write_bundle(path, BUNDLE),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_on_a_full_disk_every_writer_fails_and_leaves_nothing(tmp_path, small_disk, kind):
    for free in (0, 2**12, 2**17, 2**18):
        small_disk(tmp_path, 2**20)
        fill = tmp_path / "fill"
        fill.write_bytes(bytes(2**20 - free))
        with pytest.raises(Exception, match="No space left on device"):
            WRITERS[kind](tmp_path / f"out.{kind}")
        assert list(tmp_path.iterdir()) == [fill]


def test_a_full_scratch_folder_is_named_with_the_remedy(tmp_path, small_disk):
    small_disk(tmp_path, 2**20)
    require_space(tmp_path, 2**19)
    with pytest.raises(InputError, match=r"No space left.*TMPDIR"):
        require_space(tmp_path, 2**21)
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_told_by_its_size(tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"abc")
    assert sizes([clip, clip]) == [3, 3]
    os.utime(clip, (500, 500))
    assert sizes([clip]) == [3], "a copy of the project has other dates"
    assert sizes([]) == []

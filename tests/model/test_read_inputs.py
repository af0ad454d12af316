from pathlib import Path

import pandas as pd
import torch

from devaflow.audio.tables import VALUES
from devaflow.files import write_json, write_table
from devaflow.model.inputs import MODALITIES
from devaflow.model.read_inputs import read_inputs
from devaflow.vision.frames import PRESENCES


def test_each_file_is_read_as_what_its_name_says(parts: tuple, tmp_path: Path) -> None:
    segments, tables, states, _ = parts
    keys = segments[["video_id", "clip_id"]].assign(status="ok")
    tables |= {
        "functionals": keys.assign(**dict.fromkeys(VALUES, 1.0)),
        "action_units": keys.assign(**dict.fromkeys(PRESENCES, 3)),
    }
    names = [*tables, *(f"{m}_{kind}" for m in MODALITIES for kind in ("states", "index"))]
    files = {name: tmp_path / name for name in names}
    for name, table in tables.items():
        write_table(files[name], table)
    for name in MODALITIES:
        states[name].write(files[f"{name}_states"], files[f"{name}_index"], "CPU")
    folders = {name: tmp_path / "models" / name for name in ("small", "large")}
    files["encoders"] = [tmp_path / f"{name}.json" for name in folders]
    for file, (name, folder) in zip(files["encoders"], folders.items(), strict=True):
        folder.mkdir(parents=True)
        write_json(file, {"name": name, "source": "path", "folder": str(folder)})
    inputs, transcripts = read_inputs(segments, files, 64)
    assert inputs.segments.equals(segments)
    for found, name in zip(inputs.states, MODALITIES, strict=True):
        assert torch.equal(found, states[name].states)
    measured = torch.tensor([1.0] * len(VALUES) + [3.0] * len(PRESENCES)).log1p()
    torch.testing.assert_close(inputs.values, measured.expand(len(segments), -1))
    pd.testing.assert_frame_equal(transcripts.table, tables["text"])
    assert transcripts.encoders == folders
    assert transcripts.max_tokens == 64

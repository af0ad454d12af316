"""The files that a training reads, as its inputs."""

from pathlib import Path
from typing import Protocol

import pandas as pd

from devaflow.encode.states import TokenStates
from devaflow.files import read_table
from devaflow.model.inputs import MODALITIES, Inputs
from devaflow.model.values import measured_values


class Files(Protocol):
    """Paths by name, such as a dict, or the named input of a job."""

    def __getitem__(self, name: str, /) -> str | Path:
        """The path of that name."""
        ...


def read_inputs(segments: pd.DataFrame, files: Files) -> tuple[Inputs, pd.DataFrame]:
    """All segments with what is known of them, and their transcripts.

    segments: video_id, clip_id, split, label. files: 'functionals' and 'action_units'; the tables
    'text', 'audio' and 'vision', and for each of these three its token states, as 'text_states' and
    'text_index'.
    """
    tables = {name: read_table(files[name]) for name in MODALITIES}
    inputs = Inputs.join(
        segments,
        tables,
        {n: TokenStates.read(files[f"{n}_states"], files[f"{n}_index"]) for n in MODALITIES},
        measured_values(read_table(files["functionals"]), read_table(files["action_units"])),
    )
    return inputs, tables["text"]

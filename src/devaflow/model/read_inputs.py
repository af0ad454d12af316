"""The files that a network reads, as its inputs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from devaflow.encode.locate import folder_of
from devaflow.encode.states import TokenStates
from devaflow.files import read_json, read_table
from devaflow.model.inputs import MODALITIES, Inputs
from devaflow.model.values import measured_values
from devaflow.model.views import Transcripts


def read_inputs(
    segments: pd.DataFrame, files: Mapping[str, Any], max_tokens: int
) -> tuple[Inputs, Transcripts]:
    """All segments with what is known of them, and their transcripts with who reads them.

    segments: video_id, clip_id, split, label. files: paths by name: 'functionals' and
    'action_units'; the tables 'text', 'audio' and 'vision', and for each of these three its token
    states, as 'text_states' and 'text_index'; and, as 'encoders', one or more encoder.json.
    max_tokens: the longest sequence that an encoder is given. Raises InputError for damaged states
    and as `Inputs.join` does.
    """
    tables = {name: read_table(files[name]) for name in MODALITIES}
    inputs = Inputs.join(
        segments,
        tables,
        {n: TokenStates.read(files[f"{n}_states"], files[f"{n}_index"]) for n in MODALITIES},
        measured_values(read_table(files["functionals"]), read_table(files["action_units"])),
    )
    encoders = map(read_json, files["encoders"])
    folders = {encoder["name"]: folder_of(encoder) for encoder in encoders}
    return inputs, Transcripts(tables["text"], folders, max_tokens)

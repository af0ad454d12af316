"""What was measured of voice and face as plain numbers, beside the words that describe it."""

import numpy as np
import pandas as pd

from devaflow.audio.tables import VALUES
from devaflow.corpus.clips import KEY, USABLE
from devaflow.vision.frames import PRESENCES

# modality -> its columns, in the order of the networks' inputs.
MEASURED = {"audio": [f"audio_{name}" for name in VALUES], "vision": list(PRESENCES)}
COLUMNS = [*MEASURED["audio"], *MEASURED["vision"]]


def measured_values(functionals: pd.DataFrame, action_units: pd.DataFrame) -> pd.DataFrame:
    """One row a segment: video_id, clip_id, then the 4 + 18 COLUMNS; NaN where not measured.

    All are log(1 + x). For F0 (Hz), and for the numbers of frames in which an action unit is
    active, this is close to a logarithmic scale; loudness, jitter and shimmer are mostly below 1,
    where it changes little.
    """
    voice = functionals[[*KEY, *VALUES]].set_axis([*KEY, *MEASURED["audio"]], axis=1)
    face = action_units[[*KEY, *PRESENCES]].copy()
    voice.loc[~functionals["status"].isin(USABLE).to_numpy(), MEASURED["audio"]] = np.nan
    face[PRESENCES] = face[PRESENCES].astype("float64")
    face.loc[~action_units["status"].isin(USABLE).to_numpy(), PRESENCES] = np.nan
    table = voice.merge(face, on=KEY, how="outer", validate="one_to_one")
    table[COLUMNS] = np.log1p(table[COLUMNS].astype("float64"))
    return table

import numpy as np
import pandas as pd
import pytest

from devaflow.audio.tables import VALUES
from devaflow.model.values import COLUMNS, measured_values
from devaflow.vision.frames import PRESENCES

KEYS = pd.DataFrame({"video_id": ["v", "v"], "clip_id": ["1", "2"]})


def test_each_value_is_log_1_plus_x_and_unknown_where_it_was_not_measured() -> None:
    voice = KEYS.assign(status=["ok", "no_speech"], **{name: [1.0, 2.0] for name in VALUES})
    face = KEYS.assign(status=["no_face", "truncated"], **{name: [0, 9] for name in PRESENCES})
    table = measured_values(voice, face.iloc[::-1]).set_index("clip_id")
    assert list(table.columns) == ["video_id", *COLUMNS]
    assert table.loc["1", "audio_f0_hz"] == pytest.approx(np.log(2.0))
    assert table.loc["2", "AU12_c"] == pytest.approx(np.log(10.0))
    assert table.loc["1", PRESENCES].isna().all()
    assert table.loc["2", "audio_loudness":"audio_f0_hz"].isna().all()

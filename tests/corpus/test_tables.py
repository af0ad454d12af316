import pandas as pd
import pytest

from devaflow.corpus.tables import collect
from devaflow.errors import InputError


def unit(*clips):
    return pd.DataFrame({"video_id": "v", "clip_id": list(clips), "x": [int(c) for c in clips]})


def keys(*clips):
    return [["v", clip] for clip in clips]


def test_the_tables_of_all_units_are_one_in_the_order_of_the_segments():
    table = collect([unit("1", "3"), unit("2")], keys("2", "1", "3"))
    assert list(table) == ["video_id", "clip_id", "x"]
    assert table["x"].tolist() == [2, 1, 3]


def test_a_segment_that_no_unit_holds_is_named():
    with pytest.raises(InputError, match=r"no unit holds the segment \('v', '9'\)"):
        collect([unit("1")], keys("1", "9"))


def test_a_segment_in_two_units_is_named():
    with pytest.raises(InputError, match=r"segment \('v', '2'\) was extracted in two units"):
        collect([unit("1", "2"), unit("2")], keys("1", "2"))

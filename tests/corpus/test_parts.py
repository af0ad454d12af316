import pandas as pd
import pytest

from devaflow.corpus.parts import keys_of, require_splits
from devaflow.errors import InputError


def table(*splits):
    return pd.DataFrame(
        {"video_id": "_v-0", "clip_id": list("0123")[: len(splits)], "split": splits}
    )


@pytest.mark.parametrize("lacking", ["train", "valid"])
def test_a_split_without_rows_to_train_on_or_to_choose_by_is_refused(lacking):
    require_splits(table("train", "valid"))
    rows = table("train", "valid", "test")
    with pytest.raises(InputError, match=f"no segment is in the split '{lacking}': label more"):
        require_splits(rows[rows["split"] != lacking])


@pytest.mark.parametrize(("fit_on", "clips"), [("train", ["0"]), ("all", ["0", "1", "2", "3"])])
def test_thresholds_are_fitted_on_the_segments_that_are_asked_for(fit_on, clips):
    rows = table("train", "valid", "test", "unassigned")
    assert keys_of(rows, fit_on) == [("_v-0", clip) for clip in clips]

import pytest
import torch

from devaflow.errors import InputError
from devaflow.model.folds import held_out_in_turn
from devaflow.model.inputs import Inputs


def test_each_of_the_rows_is_held_out_once_and_no_other(inputs: Inputs) -> None:
    rows = inputs.rows("train")
    held_out = []
    for seen in held_out_in_turn(inputs, rows, 4, seed=1):
        split = seen.segments["split"]
        assert set(split[rows.tolist()]) == {"train", "valid", "test"}
        assert set(split.drop(rows.tolist())) == {"unused"}
        held_out += seen.rows("test").tolist()
    assert sorted(held_out) == rows.tolist()


def test_a_video_is_in_one_part_alone(inputs: Inputs) -> None:
    for seen in held_out_in_turn(inputs, inputs.rows("train"), 4, seed=1):
        videos = seen.segments.groupby("split")["video_id"].agg(set)
        assert not videos["train"] & (videos["test"] | videos["valid"])
        assert not videos["test"] & videos["valid"]


def test_the_epochs_of_a_fold_are_chosen_by_the_next(inputs: Inputs) -> None:
    parts = list(held_out_in_turn(inputs, inputs.rows("train"), 4, seed=1))
    for one, other in zip(parts, parts[1:] + parts[:1], strict=True):
        assert torch.equal(one.rows("valid"), other.rows("test"))


def test_the_seed_decides_which_videos_are_one_fold(inputs: Inputs) -> None:
    rows = inputs.rows("train")
    one, other = (
        {tuple(seen.rows("test").tolist()) for seen in held_out_in_turn(inputs, rows, 4, seed)}
        for seed in (1, 2)
    )
    assert one != other


def test_more_folds_than_videos_are_refused(inputs: Inputs) -> None:
    with pytest.raises(InputError, match="a fold needs at least one"):
        list(held_out_in_turn(inputs, inputs.rows("train"), 999, seed=1))

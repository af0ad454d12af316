import pandas as pd
import pytest
import torch

from devaflow.encode.states import TokenStates
from devaflow.errors import InputError
from devaflow.model.inputs import FLOOR, Inputs
from devaflow.model.values import COLUMNS


def expected_states(parts: tuple, row: int, modality: str) -> torch.Tensor:
    _, tables, states, _ = parts
    text = tables[modality]["text"][row]
    entry = states[modality].index.set_index("text").loc[text]
    return states[modality].states[entry["start"] : entry["start"] + entry["length"]].float()


def test_a_batch_holds_each_segments_own_states_padded_with_zeros(parts: tuple) -> None:
    rows = [7, 0, 31]
    batch = Inputs.join(*parts).batch(torch.tensor(rows))
    for position, row in enumerate(rows):
        for number, modality in enumerate(("text", "audio", "vision")):
            own = expected_states(parts, row, modality)
            states, padding = batch.states[number][position], batch.padding[number][position]
            assert torch.equal(states[~padding], own)
            assert not states[padding].any()
    assert batch.label.tolist() == pytest.approx(parts[0]["label"][rows].tolist())


def test_rows_are_joined_on_the_key_not_on_their_order(parts: tuple) -> None:
    segments, tables, states, values = parts
    shuffled = {modality: table.iloc[::-1] for modality, table in tables.items()}
    straight, turned = (
        Inputs.join(segments, tables, states, values),
        Inputs.join(segments, shuffled, states, values),
    )
    assert torch.equal(straight.start, turned.start)


def test_an_unusable_segment_has_no_tokens_and_needs_no_states(parts: tuple) -> None:
    segments, tables, states, values = parts
    tables["vision"].loc[3, ["status", "text"]] = ["unreadable", None]
    batch = Inputs.join(segments, tables, states, values).batch(torch.tensor([3, 4]))
    assert batch.present.tolist() == [[True, True, False], [True, True, True]]
    assert batch.padding[2][0].all()


def test_a_truncated_segment_is_used(parts: tuple) -> None:
    segments, tables, states, values = parts
    tables["vision"].loc[3, "status"] = "truncated"
    assert Inputs.join(segments, tables, states, values).present.all()


def test_statistics_count_train_segments_only_and_each_of_them_once() -> None:
    segments = pd.DataFrame(
        {
            "video_id": ["a", "a", "a", "b", "b"],
            "clip_id": ["1", "2", "3", "1", "2"],
            "split": ["train", "train", "train", "train", "test"],
            "label": 1.0,
        }
    )
    index = pd.DataFrame({"text": ["x", "y", "z"], "start": [0, 1, 3], "length": [1, 2, 1]})
    states = TokenStates(torch.tensor([[1.0], [4.0], [7.0], [1000.0]]).half(), index)
    table = segments[["video_id", "clip_id"]].assign(
        status=["ok", "ok", "ok", "no_face", "ok"], text=["x", "x", "y", "z", "z"]
    )
    inputs = Inputs.join(
        segments,
        dict.fromkeys(("text", "audio", "vision"), table),
        dict.fromkeys(("text", "audio", "vision"), states),
        segments[["video_id", "clip_id"]].reindex(columns=["video_id", "clip_id", *COLUMNS]),
    )
    seen = torch.tensor([1.0, 1.0, 4.0, 7.0])
    statistics = inputs.normalisation()
    assert statistics.mean[0].item() == pytest.approx(seen.mean().item())
    assert statistics.std[0].item() == pytest.approx(seen.std(correction=0).item())


def test_statistics_do_not_depend_on_how_many_states_are_read_at_once(
    parts: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = Inputs.join(*parts)
    whole = inputs.normalisation()
    monkeypatch.setattr("devaflow.model.inputs.CHUNK", 3)
    torch.testing.assert_close(inputs.normalisation().mean, whole.mean)
    torch.testing.assert_close(inputs.normalisation().std, whole.std)


def test_a_constant_dimension_does_not_divide_by_zero(parts: tuple) -> None:
    segments, tables, states, values = parts
    flat = TokenStates(torch.ones_like(states["audio"].states), states["audio"].index)
    inputs = Inputs.join(segments, tables, {**states, "audio": flat}, values)
    statistics = inputs.normalisation()
    assert statistics.std[1].tolist() == pytest.approx([FLOOR] * inputs.hidden)
    assert not statistics.apply(inputs.batch(torch.tensor([0]))).states[1].any()


def test_a_modality_that_no_train_segment_has_is_not_present_elsewhere(parts: tuple) -> None:
    segments, tables, states, values = parts
    trained = segments["split"] == "train"
    tables["audio"].loc[trained.to_numpy(), "status"] = "no_sound"
    inputs = Inputs.join(segments, tables, states, values)
    batch = inputs.batch(inputs.rows("test"))
    given = inputs.normalisation().apply(batch)
    assert batch.present.all()
    assert given.present.all(0).tolist() == [True, False, True]
    assert given.states[1].isfinite().all()


def test_values_are_normalised_by_those_of_the_train_segments(parts: tuple) -> None:
    segments, tables, states, values = parts
    values.loc[0, COLUMNS[0]] = None
    values[COLUMNS[1]] = 5.0
    values.loc[segments["split"] == "test", COLUMNS[1]] = 60.0
    inputs = Inputs.join(segments, tables, states, values.iloc[::-1])
    batch = inputs.normalisation().apply(inputs.batch(torch.arange(40)))
    train = batch.values[inputs.rows("train")]
    assert batch.values[0, 0] == 0, "what is not known is the mean"
    assert not batch.values[:, 1].any(), "what no train segment varies is 0 in all"
    assert train[1:, 0].mean().item() == pytest.approx(0, abs=1e-6)
    assert train[:, 2].std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_states_of_two_encoders_are_refused(parts: tuple) -> None:
    segments, tables, states, values = parts
    states["audio"] = TokenStates(states["audio"].states[:, :8], states["audio"].index)
    with pytest.raises(InputError, match=r"unlike size .*'text': 16, 'audio': 8"):
        Inputs.join(segments, tables, states, values)


def test_a_segment_without_a_row_is_named(parts: tuple) -> None:
    segments, tables, states, values = parts
    tables["audio"] = tables["audio"].drop(index=5)
    with pytest.raises(InputError, match=r"audio table: no row for video_id 'v1', clip_id '1'"):
        Inputs.join(segments, tables, states, values)


def test_a_doubled_row_is_named(parts: tuple) -> None:
    segments, tables, states, values = parts
    tables["audio"] = pd.concat([tables["audio"], tables["audio"].iloc[[5]]])
    with pytest.raises(InputError, match="'v1', clip_id '1' stands there twice"):
        Inputs.join(segments, tables, states, values)


@pytest.mark.parametrize("row", [4, 6], ids=["train", "valid"])
def test_a_segment_that_is_learnt_from_or_chosen_by_needs_a_label(parts: tuple, row: int) -> None:
    segments, tables, states, values = parts
    segments.loc[[0, row], "label"] = float("nan")
    segments.loc[0, "split"] = "unlabelled"
    with pytest.raises(InputError, match=f"'v1', clip_id '{row - 4}' has no label"):
        Inputs.join(segments, tables, states, values)
    segments.loc[row, "split"] = "unlabelled"
    assert Inputs.join(segments, tables, states, values).label.isnan().sum() == 2

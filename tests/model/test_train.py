import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from devaflow.encode.device import make_deterministic
from devaflow.errors import InputError
from devaflow.model.devanet import build
from devaflow.model.inputs import Inputs
from devaflow.model.predict import outputs, predict
from devaflow.model.run import DivergedError
from devaflow.model.settings import LossSettings, ModelSettings, TrainingSettings
from devaflow.model.train import Augmentation, schedule, train

Settings = Callable[..., TrainingSettings]


def saved(network: torch.nn.Module) -> bytes:
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    return buffer.getvalue()


def optimiser(rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)


def rates(settings: TrainingSettings) -> list[float]:
    sgd = optimiser(settings.learning_rate)
    plan, seen = schedule(sgd, settings), []
    for _ in range(settings.epochs):
        seen.append(sgd.param_groups[0]["lr"])
        sgd.step()
        plan.step()
    return seen


def test_a_tiny_corpus_is_learned(
    inputs: Inputs, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    settings = training(epochs=60, noise_probability=0.0)
    trained = train(inputs, replace(optim, dropout=0.0), loss, settings, seed=0)
    table = predict(trained.network, trained.normalisation, inputs, smoothing=0.1)
    learned, unseen = table[table["split"] == "train"], table[table["split"] == "test"]
    assert (learned["prediction"] - learned["label"]).abs().mean() < 0.4
    assert np.corrcoef(unseen["prediction"], unseen["label"])[0, 1] > 0.7
    assert ((learned["probability"] > 0.5) == (learned["label"] > 0)).all()


def test_equal_seeds_give_equal_bytes_and_others_do_not(
    inputs: Inputs, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    settings = training(modality_dropout=0.3, amp=True)
    first, second, other = (train(inputs, optim, loss, settings, seed) for seed in (1, 1, 2))
    assert saved(first.network) == saved(second.network)
    assert first.history == second.history
    assert first.precision == "float32", "fewer digits are for GPUs"
    assert saved(first.network) != saved(other.network)


def test_the_best_epoch_is_kept_and_patience_ends_the_training(
    inputs: Inputs, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    seen: list[dict] = []
    # A rate this high learns, then wanders.
    settings = training(epochs=60, patience=4, learning_rate=2e-2)
    trained = train(inputs, optim, loss, settings, seed=0, on_epoch=seen.append)
    errors = [epoch["valid_mae"] for epoch in trained.history]
    assert seen == trained.history
    assert errors[trained.best_epoch - 1] == min(errors)
    assert len(errors) == trained.best_epoch + 4 < 60
    rows = inputs.rows("valid")
    score, _ = outputs(trained.network, trained.normalisation, inputs, rows)
    kept = (score.clamp(-3, 3) - inputs.label[rows]).abs().mean().item()
    assert kept == pytest.approx(min(errors), abs=1e-6)


def test_selection_by_accuracy_takes_the_smallest_loss_among_equals(
    inputs: Inputs, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    trained = train(inputs, optim, loss, training(epochs=12, select_by="acc2"), seed=0)
    best = trained.history[trained.best_epoch - 1]
    top = max(epoch["valid_acc2"] for epoch in trained.history)
    assert best["valid_acc2"] == top
    tied = [epoch["valid_loss"] for epoch in trained.history if epoch["valid_acc2"] == top]
    assert best["valid_loss"] == min(tied)


def test_cosine_falls_to_nothing_over_all_epochs(training: Settings) -> None:
    seen = rates(training(epochs=8, schedule="cosine", learning_rate=1.0))
    expected = [(1 + np.cos(np.pi * epoch / 8)) / 2 for epoch in range(8)]
    assert seen == pytest.approx(expected)


def test_warm_restarts_begin_again_at_the_full_rate(training: Settings) -> None:
    settings = training(
        epochs=8, schedule="cosine_warm_restarts", restart_epochs=4, learning_rate=1.0
    )
    seen = rates(settings)
    assert seen[0] == seen[4] == 1.0
    assert seen[:4] == pytest.approx(seen[4:])
    assert seen[3] < 0.2


def test_the_rate_follows_the_schedule(
    inputs: Inputs, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    settings = training(epochs=4)
    trained = train(inputs, optim, loss, settings, seed=0)
    assert [epoch["learning_rate"] for epoch in trained.history] == pytest.approx(rates(settings))


@pytest.mark.parametrize(
    "change",
    [
        {"amsgrad": True},
        {"weight_decay": 0.5},
        {"noise_sigma": 1.0},
        {"modality_dropout": 0.5},
        {"batch_size": 4},
    ],
)
def test_every_setting_reaches_the_weights(
    change: dict,
    inputs: Inputs,
    optim: ModelSettings,
    loss: LossSettings,
    training: Settings,
) -> None:
    plain, changed = training(), training(**change)
    one, other = (train(inputs, optim, loss, settings, seed=0) for settings in (plain, changed))
    assert saved(one.network) != saved(other.network)


def test_gradients_clipped_to_nothing_leave_the_weights_as_they_were(
    inputs: Inputs, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    settings = training(clip_norm=1e-14, weight_decay=0.0, epochs=1)
    trained = train(inputs, optim, loss, settings, seed=0)
    make_deterministic(0)
    for before, after in zip(
        build(inputs.hidden, optim).parameters(), trained.network.parameters(), strict=True
    ):
        torch.testing.assert_close(after, before, rtol=0, atol=1e-4)


def test_a_diverging_training_says_what_to_lower(
    parts: tuple, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    segments, tables, states, values = parts
    states["text"].states[:] = torch.inf
    with pytest.raises(InputError, match=r"diverged in epoch 1 .* lower training\.learning_rate"):
        train(Inputs.join(segments, tables, states, values), optim, loss, training(), seed=0)


def test_a_last_step_that_diverges_is_told_too(
    inputs: Inputs, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    """No loss of a batch comes after it."""
    wild = training(epochs=1, batch_size=len(inputs.rows("train")), learning_rate=1e30)
    with pytest.raises(DivergedError, match="diverged in epoch 1"):
        train(inputs, optim, loss, wild, seed=0)


def test_a_corpus_without_a_validation_split_is_refused(
    parts: tuple, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    segments, tables, states, values = parts
    segments.loc[segments["split"] == "valid", "split"] = "test"
    with pytest.raises(InputError, match="no segment is in the split 'valid'"):
        train(Inputs.join(segments, tables, states, values), optim, loss, training(), seed=0)


def test_segments_that_are_not_trained_on_do_not_change_the_weights(
    parts: tuple, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    segments, tables, states, values = parts
    before = train(Inputs.join(segments, tables, states, values), optim, loss, training(), seed=0)
    segments.loc[segments["split"] == "test", "label"] = float("nan")
    for modality, row in (("text", 3), ("audio", 7)):
        tables[modality].loc[row, "status"] = "missing"
    after = train(Inputs.join(segments, tables, states, values), optim, loss, training(), seed=0)
    assert saved(before.network) == saved(after.network)


def test_noise_falls_on_about_its_share_of_segments(inputs: Inputs, training: Settings) -> None:
    settings = training(noise_sigma=0.05, noise_probability=0.5)
    batch = inputs.batch(torch.arange(40).repeat(10))
    noisy = Augmentation(settings, [True] * 3, 0, torch.device("cpu"))(batch)
    for before, after in zip(batch.states, noisy.states, strict=True):
        change = after - before
        touched = change.flatten(1).any(1)
        assert touched.float().mean().item() == pytest.approx(0.5, abs=0.1)
        assert change[touched].std().item() == pytest.approx(0.05, rel=0.1)
    assert torch.equal(noisy.present, batch.present)


def test_modality_dropout_hides_present_ones_but_never_all(
    inputs: Inputs, training: Settings
) -> None:
    batch = inputs.batch(torch.arange(40).repeat(10))
    batch.present[:, 2] = False
    given = ([True] * 3, 0, torch.device("cpu"))
    hidden = Augmentation(training(modality_dropout=0.5), *given)(batch).present
    assert not hidden[:, 2].any()
    assert hidden.any(1).all()
    assert 0.4 < hidden[:, :2].float().mean() < 0.8
    always = Augmentation(training(modality_dropout=1.0), *given)(batch).present
    assert torch.equal(always, batch.present)


def test_modality_dropout_counts_what_the_network_sees(inputs: Inputs, training: Settings) -> None:
    batch = inputs.batch(torch.arange(40).repeat(10))
    text_alone = [True, False, False]
    augment = Augmentation(training(modality_dropout=0.5), text_alone, 0, torch.device("cpu"))
    assert augment(batch).present[:, 0].all()


def test_predictions_keep_the_order_the_range_and_the_unlabelled(
    parts: tuple, optim: ModelSettings, loss: LossSettings, training: Settings
) -> None:
    segments, tables, states, values = parts
    segments.loc[3, ["split", "label"]] = ["unlabelled", float("nan")]
    inputs = Inputs.join(segments, tables, states, values)
    trained = train(inputs, optim, loss, training(epochs=1), seed=0)
    torch.nn.init.constant_(trained.network.classifier[-1].bias, 50.0)
    table = predict(trained.network, trained.normalisation, inputs, smoothing=0.1)
    pd.testing.assert_frame_equal(table[["video_id", "clip_id", "split", "label"]], inputs.segments)
    assert list(table.columns[4:]) == ["prediction", "probability"]
    assert (table["prediction"] == 3.0).all()
    assert table[["prediction", "probability"]].dtypes.eq("float64").all()

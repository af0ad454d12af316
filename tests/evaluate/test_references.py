import re

import numpy as np
import pandas as pd
import pytest

from devaflow.config import REFERENCES
from devaflow.corpus.splits import grouped, random
from devaflow.errors import InputError
from devaflow.evaluate.embeddings import NAME
from devaflow.evaluate.metrics import scores
from devaflow.evaluate.references import (
    WORD,
    majority,
    mean,
    references,
    ridge,
    tfidf_ridge,
    video_mean,
)


@pytest.fixture
def leaky():
    """Thirty videos whose clips all have the video's own label, and whose words say the sign."""
    rng = np.random.default_rng(0)
    label = np.repeat(rng.uniform(-3, 3, 30), 8)
    word = np.where(label > 0, "good", "bad")
    filler = rng.choice(["film", "story", "actor"], 240)
    return pd.DataFrame(
        {
            "video_id": np.repeat([f"v{i}" for i in range(30)], 8),
            "clip_id": np.tile(np.arange(8).astype(str), 30),
            "label": label,
            "text": [f"a {w} {f}" for w, f in zip(word, filler, strict=True)],
        }
    )


def on_test(predicted):
    rows = predicted[predicted["split"] == "test"]
    return scores(rows["label"], rows["prediction"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't stop, café", ["don", "t", "stop", "café"]),
        ("我喜欢3D", ["我", "喜", "欢", "3D"]),
        ("すきです", ["す", "き", "で", "す"]),
        ("รกมาก", ["ร", "ก", "ม", "า", "ก"]),
    ],
)
def test_scripts_without_blanks_are_read_character_by_character(text, words):
    assert re.findall(WORD, text) == words


def test_words_of_a_script_without_blanks_tell_labels_apart():
    texts = [f"我很讨厌这部电影第{n}" if n % 2 else f"第{n}我很喜欢这部电影" for n in range(40)]
    labels = [-2.0 if n % 2 else 2.0 for n in range(40)]
    split = ["train"] * 30 + ["valid"] * 5 + ["test"] * 5
    predicted = tfidf_ridge(rows(split, labels, texts))
    assert (np.sign(predicted) == np.sign(labels)).all()


def test_each_reference_covers_the_labelled_valid_and_test_rows(leaky):
    leaky.loc[3, "label"] = np.nan
    table = random(leaky)
    found = references(table, leaky)
    assert list(found) == ["majority", "mean", "video-id", "tfidf-ridge"]
    assert {*found, NAME} == REFERENCES, "no variant may have the name of one"
    for predicted in found.values():
        assert list(predicted) == ["video_id", "clip_id", "split", "label", "prediction"]
        assert set(predicted["split"]) == {"valid", "test"}
        assert len(predicted) == table["split"].isin(["valid", "test"]).sum()
        assert np.isfinite(predicted[["label", "prediction"]].to_numpy()).all()


def test_the_video_id_alone_scores_on_a_split_that_leaks(leaky):
    found = references(random(leaky), leaky)
    assert on_test(found["video-id"])["MAE"] == pytest.approx(0, abs=1e-9)
    assert on_test(found["mean"])["MAE"] > 1


def test_the_video_id_is_the_mean_where_no_video_is_in_two_splits(leaky):
    found = references(grouped(leaky), leaky)
    assert found["video-id"]["prediction"].equals(found["mean"]["prediction"])


def test_words_are_learnt_without_knowing_the_video(leaky):
    assert on_test(references(grouped(leaky), leaky)["tfidf-ridge"])["Acc-2"] == 1.0


def test_no_reference_sees_a_test_label(leaky):
    table = grouped(leaky)
    spoilt = table.assign(label=table["label"].where(table["split"] != "test", -3.0))
    for name, predicted in references(table, leaky).items():
        other = references(spoilt, leaky)[name]
        assert predicted["prediction"].equals(other["prediction"])


def test_no_word_of_a_test_segment_is_learnt(leaky):
    table = grouped(leaky)
    tested = table["split"] == "test"
    before, after = (
        references(table, leaky.assign(text=leaky["text"].mask(tested, text)))["tfidf-ridge"]
        for text in ("a film", "good good story nobody else tells")
    )
    valid = before["split"] == "valid"
    assert before["prediction"][valid].equals(after["prediction"][valid])


def rows(split, label, text=None, video="v"):
    return pd.DataFrame(
        {"video_id": video, "split": split, "label": label, "text": text or [""] * len(split)}
    )


def test_constants_worked_by_hand():
    few = rows(["train"] * 3 + ["valid", "test"], [-3.0, 1.0, 1.4, -2.0, -2.0])
    assert majority(few).tolist() == [1.0] * 5
    assert mean(few) == pytest.approx([-0.2] * 5)


def test_an_unseen_video_gets_the_mean_of_all_training_rows():
    few = rows(["train"] * 3 + ["test"] * 2, [1.0, 2.0, -3.0, 0.0, 0.0], video=list("aabac"))
    assert video_mean(few).tolist() == [1.5, 1.5, -3.0, 1.5, 0.0]


def test_the_alpha_is_the_one_that_valid_likes():
    text = ["good"] * 4 + ["bad"] * 4
    label = [2.0] * 4 + [-2.0] * 4
    split = ["train", "train", "valid", "test"] * 2
    assert tfidf_ridge(rows(split, label, text))[3] > 1.8  # the words tell: weak shrinkage
    opposite = [
        -value if part == "valid" else value for value, part in zip(label, split, strict=True)
    ]
    assert 0 < tfidf_ridge(rows(split, opposite, text))[3] < 0.1  # they mislead: strong shrinkage


def test_the_alpha_is_judged_by_what_is_handed_out():
    few = rows(["train", "train", "valid"], [-3.0, 3.0, 3.0])
    features = np.array([[-1.0], [1.0], [3.0]])
    # Weak shrinkage gives 8.9 for the valid row, which is clipped to its label; strong gives 1.8.
    assert ridge(few, features, [8.0, 0.02])[2] == 3.0


def test_without_any_word_the_ridge_is_the_mean():
    few = rows(["train", "train", "valid", "test"], [1.0, 2.0, 1.0, 1.0], ["", "...", "hi", "hi"])
    assert tfidf_ridge(few).tolist() == mean(few).tolist()


def test_a_segment_without_text_counts_as_empty(leaky):
    leaky.loc[leaky["video_id"] == "v1", "text"] = None
    found = references(random(leaky), leaky.iloc[8:])
    assert found["tfidf-ridge"]["prediction"].notna().all()


def test_a_split_that_cannot_be_learnt_from_is_refused(leaky):
    table = random(leaky).assign(split="test")
    with pytest.raises(InputError, match="no segment is in the split 'train'"):
        references(table, leaky)


def test_random_splits_of_mosi_flatter_every_predictor_that_learns(mosi):
    labels = pd.read_csv(mosi / "label.csv", dtype={"video_id": str, "clip_id": str})

    def mean_over_draws(draw):
        runs = [references(draw(labels, seed), labels) for seed in range(5)]
        return {
            (name, metric): np.mean([on_test(run[name])[metric] for run in runs])
            for name in ("video-id", "tfidf-ridge")
            for metric in ("Acc-2", "MAE")
        }

    leaking, separate = mean_over_draws(random), mean_over_draws(grouped)
    assert leaking["tfidf-ridge", "Acc-2"] > separate["tfidf-ridge", "Acc-2"] + 0.01
    assert leaking["tfidf-ridge", "MAE"] < separate["tfidf-ridge", "MAE"] - 0.02
    assert leaking["video-id", "Acc-2"] > separate["video-id", "Acc-2"] + 0.05

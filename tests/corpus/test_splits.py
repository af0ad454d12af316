import numpy as np
import pandas as pd
import pytest

from devaflow.corpus.splits import PROTOCOLS, grouped, official, random


def segments(videos=40, clips=10, seed=0):
    rng = np.random.default_rng(seed)
    n = videos * clips
    label = np.round(rng.uniform(-3, 3, n) * 5) / 5
    label[rng.random(n) < 0.1] = 0
    return pd.DataFrame(
        {
            "video_id": np.repeat([f"_v-{i}" for i in range(videos)], clips),
            "clip_id": np.tile(np.arange(clips).astype(str), videos),
            "label": label,
            "mode": rng.choice(["train", "valid", "test"], n),
        }
    )


def shares(table):
    return table["split"].value_counts(normalize=True)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_row_per_segment_in_the_order_of_the_input(protocol):
    corpus = segments().sample(frac=1, random_state=1)
    corpus.loc[corpus.index[:7], "label"] = np.nan
    table = PROTOCOLS[protocol](corpus)
    assert list(table) == ["video_id", "clip_id", "split", "label"]
    assert table[["video_id", "clip_id"]].to_numpy().tolist() == (
        corpus[["video_id", "clip_id"]].to_numpy().tolist()
    )
    assert table["label"].to_numpy() == pytest.approx(corpus["label"].to_numpy(), nan_ok=True)
    assert (table["split"] == "unlabelled").tolist() == [True] * 7 + [False] * 393
    assert {"train", "valid", "test"} <= set(table["split"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_order_of_the_file_changes_nothing(protocol):
    corpus = segments()
    corpus.loc[5:9, "label"] = np.nan
    shuffled = corpus.sample(frac=1, random_state=3)
    key = ["video_id", "clip_id"]
    tables = [PROTOCOLS[protocol](each).sort_values(key) for each in (corpus, shuffled)]
    assert tables[0].reset_index(drop=True).equals(tables[1].reset_index(drop=True))


@pytest.mark.parametrize("draw", [random, grouped])
def test_the_seed_decides(draw):
    corpus = segments()
    assert draw(corpus, 1).equals(draw(corpus, 1))
    assert not draw(corpus, 1).equals(draw(corpus, 2))


def test_official_is_the_mode_that_a_labelled_row_has():
    table = official(segments(1, 4).assign(mode=["train", "valid", "test", ""]))
    assert table["split"].tolist() == ["train", "valid", "test", "unassigned"]


def test_random_is_70_15_15_with_each_sign_in_proportion():
    table = random(segments())
    assert table["split"].value_counts().to_dict() == {"train": 280, "valid": 60, "test": 60}
    whole = np.sign(table["label"]).value_counts(normalize=True)
    for name in ("train", "valid", "test"):
        part = np.sign(table.loc[table["split"] == name, "label"]).value_counts(normalize=True)
        assert (part - whole).abs().max() < 0.02


def test_random_says_when_a_sign_is_too_rare_to_stratify_on(caplog):
    corpus = segments(5, 8)
    corpus["label"] = [1.0, -1.0] * 20
    corpus.loc[3, "label"] = 0.0
    table = random(corpus)
    assert shares(table)["train"] == 0.7
    assert "too few to stratify on; instead stratified on: positive against the rest" in caplog.text
    test = table[table["split"] == "test"]
    assert abs((test["label"] > 0).sum() - 3) <= 1  # positive against the rest is still kept


def test_grouped_puts_every_video_in_exactly_one_split():
    table = grouped(segments())
    assert table.groupby("video_id")["split"].nunique().max() == 1


@pytest.mark.parametrize("seed", range(5))
def test_grouped_is_near_70_15_15_with_each_sign_near_its_proportion(seed):
    rng = np.random.default_rng(seed)
    corpus = segments(seed=seed)
    corpus = corpus[rng.random(len(corpus)) < rng.uniform(0.3, 1, 40)[np.arange(400) // 10]]
    table = grouped(corpus, seed)
    assert shares(table)["train"] == pytest.approx(0.70, abs=0.04)
    assert shares(table)["test"] == pytest.approx(0.15, abs=0.03)
    positive = table["label"] > 0
    for name in ("train", "valid", "test"):
        assert positive[table["split"] == name].mean() == pytest.approx(positive.mean(), abs=0.08)


def test_grouped_gives_three_videos_three_splits():
    table = grouped(segments(3, 3))
    assert set(table["split"]) == {"train", "valid", "test"}
    assert table.groupby("video_id")["split"].nunique().max() == 1


@pytest.mark.parametrize("draw", [random, grouped])
@pytest.mark.parametrize("rows", range(9))
def test_any_tiny_corpus_is_split(draw, rows):
    corpus = segments(3, 3).iloc[:rows]
    table = draw(corpus)
    assert len(table) == rows
    assert set(table["split"]) <= {"train", "valid", "test"}
    if rows >= 8:
        assert set(table["split"]) == {"train", "valid", "test"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_corpus_without_labels_is_in_no_split(protocol):
    table = PROTOCOLS[protocol](segments(2, 2).assign(label=np.nan))
    assert set(table["split"]) == {"unlabelled"}


def test_the_official_split_of_mosi_without_its_test_rows(mosi):
    table = official(pd.read_csv(mosi / "label.csv", dtype={"video_id": str, "clip_id": str}))
    assert table["split"].value_counts().to_dict() == {"train": 1284, "valid": 229}

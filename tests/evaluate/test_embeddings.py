import numpy as np
import pandas as pd
import pytest
import torch

from devaflow.corpus.splits import grouped
from devaflow.encode.states import TokenStates
from devaflow.errors import InputError
from devaflow.evaluate.embeddings import embedding_ridge, mean_states
from devaflow.evaluate.metrics import scores


def encoded(texts, vectors):
    """States of three tokens a text: its vector, once more and once less 0.5, and itself."""
    around = np.array([0.5, -0.5, 0.0])[None, :, None]
    states = (vectors[:, None, :] + around).reshape(-1, vectors.shape[1])
    index = pd.DataFrame({"text": texts, "start": np.arange(len(texts)) * 3, "length": 3})
    return TokenStates(torch.tensor(states, dtype=torch.float16), index)


@pytest.fixture
def corpus():
    """Thirty videos of eight clips; the label is a direction of the embedding."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 1, (240, 6))
    texts = [f"text {n}" for n in range(240)]
    labels = pd.DataFrame(
        {
            "video_id": np.repeat([f"v{i}" for i in range(30)], 8),
            "clip_id": np.tile(np.arange(8).astype(str), 30),
            "label": np.clip(vectors @ [1.0, -0.5, 0.3, 0, 0, 0], -3, 3),
            "text": texts,
        }
    )
    return grouped(labels), labels, encoded(texts, vectors * [1, 100, 0.01, 1, 1, 1])


def test_a_text_is_the_mean_of_its_tokens():
    states = encoded(["a", "b"], np.array([[1.0, 2.0], [3.0, -4.0]]))
    assert mean_states(states, pd.Series(["b", "a", "b"])).tolist() == [[3, -4], [1, 2], [3, -4]]


def test_sums_of_many_tokens_do_not_overflow_half_precision():
    states = TokenStates(
        torch.full((2000, 1), 60.0, dtype=torch.float16),
        pd.DataFrame({"text": ["long"], "start": [0], "length": [2000]}),
    )
    assert mean_states(states, pd.Series(["long"])).tolist() == [[60.0]]


def test_what_is_linear_in_the_embedding_is_found_whatever_its_scale(corpus):
    table, texts, states = corpus
    predicted = embedding_ridge(table, texts, states)
    assert list(predicted) == ["video_id", "clip_id", "split", "label", "prediction"]
    assert set(predicted["split"]) == {"valid", "test"}
    test = predicted[predicted["split"] == "test"]
    assert scores(test["label"], test["prediction"])["MAE"] < 0.25
    assert predicted["prediction"].between(-3, 3).all()


def test_neither_test_labels_nor_test_texts_are_learnt_from(corpus):
    table, texts, states = corpus
    test = (table["split"] == "test").to_numpy()
    spoilt = table.assign(label=table["label"].mask(test, -3.0))
    moved = states.states.clone()
    moved[np.repeat(test, 3)] += 5
    before = embedding_ridge(table, texts, states)
    after = embedding_ridge(spoilt, texts, TokenStates(moved, states.index))
    valid = before["split"] == "valid"
    assert before["prediction"][valid].equals(after["prediction"][valid])


def test_a_text_that_was_not_encoded_is_named(corpus):
    table, texts, states = corpus
    with pytest.raises(InputError, match=r"states for the text 'text 7': .* --forcerun encode"):
        embedding_ridge(table, texts, TokenStates(states.states, states.index.drop(7)))


def test_a_text_without_a_token_counts_as_nothing(corpus):
    _, texts, states = corpus
    index = states.index.assign(length=states.index["length"].mask(states.index.index == 7, 0))
    vectors = mean_states(TokenStates(states.states, index), texts["text"])
    assert (vectors[texts["text"] == "text 7"] == 0).all()
    assert np.isfinite(vectors).all()

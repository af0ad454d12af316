import pytest

from devaflow.demo.sentences import SENTENCES
from devaflow.demo.valence import valence, words


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("the tank holds a litre", 0.0),
        ("a good phone", 0.6),
        ("a really good phone", 0.84),
        ("a fairly good phone", 0.36),
        ("not a good phone", -0.36),
        ("it was never that good", -0.36),
        ("not the one that I found good", 0.6),
        ("it isn't bad", 0.36),
        ("good and bad", 0.0),
        ("good but bad", (0.5 * 0.6 - 0.6) / 1.5),
        ("an absolutely perfect day", 1.0),
    ],
)
def test_valence_follows_the_stated_rule(sentence, expected):
    assert valence(sentence) == pytest.approx(expected)


def test_the_sentences_are_distinct_and_of_natural_length():
    sentences = [sentence for topic in SENTENCES.values() for sentence in topic]
    assert len(sentences) == len(set(sentences)) == 144
    assert all(4 <= len(sentence.split()) <= 20 for sentence in sentences)


def test_the_vocabulary_has_more_than_400_words():
    assert len({w for topic in SENTENCES.values() for s in topic for w in words(s)}) > 400


def test_opinions_go_both_ways_and_some_sentences_have_none():
    valences = [valence(sentence) for topic in SENTENCES.values() for sentence in topic]
    assert sum(v > 0.3 for v in valences) > 40
    assert sum(v < -0.3 for v in valences) > 40
    assert sum(v == 0 for v in valences) >= 16

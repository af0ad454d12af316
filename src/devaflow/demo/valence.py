"""How positive a sentence is, by a stated rule over graded words.

Each word of GRADES that occurs gives its grade, in [-1, 1]. An intensifier directly before it
multiplies it by 1.4, a diminisher by 0.6. A negation among the three words before it multiplies
it by -0.6. What stands before "but" counts half as much as what follows. The valence is the
weighted mean, clipped to [-1, 1]; a sentence without graded words has valence 0.
"""

import re

INTENSIFIED, DIMINISHED, NEGATED, BEFORE_BUT = 1.4, 0.6, -0.6, 0.5
REACH = 3  # words over which a negation works

INTENSIFIERS = {"very", "really", "so", "absolutely", "truly", "extremely"}
DIMINISHERS = {"slightly", "somewhat", "fairly", "rather", "almost", "mildly"}
NEGATIONS = {"not", "never", "no", "hardly", "without", "nothing", "nobody"} | {
    *("don't", "didn't", "isn't", "wasn't", "doesn't", "can't", "won't")
}
GRADED_WORDS = {
    1.0: "perfect superb masterpiece brilliant outstanding",
    0.9: "best amazing wonderful excellent fantastic adore",
    0.8: "love loved great beautiful delicious gorgeous delightful",
    0.6: "good enjoyed lovely charming funny fun impressive recommend happy warm friendly clever",
    0.4: "nice like liked fresh comfortable smooth solid sharp helpful generous quick easy moving",
    0.2: "fine okay decent clean quiet",
    -0.2: "ordinary long predictable",
    -0.4: "slow thin noisy cold expensive weak bland tired confusing late crowded heavy",
    -0.6: "bad boring dull poor annoying ugly rude dirty stale clumsy cheap broken",
    -0.8: "awful hate hated waste useless painful mess failed dreadful ruined",
    -0.9: "terrible worst horrible disgusting",
    -1.0: "disaster unbearable",
}
GRADES = {word: grade for grade, words in GRADED_WORDS.items() for word in words.split()}


def words(sentence: str) -> list[str]:
    """The words of a sentence, lower case, apostrophes kept."""
    return re.findall(r"[a-z']+", sentence.lower())


def valence(sentence: str) -> float:
    """The valence of a sentence in [-1, 1], by the rule of this module."""
    tokens = words(sentence)
    turn = tokens.index("but") if "but" in tokens else 0
    total = weights = 0.0
    for place, token in enumerate(tokens):
        if token not in GRADES:
            continue
        weight = BEFORE_BUT if place < turn else 1.0
        total += weight * GRADES[token] * _modified(tokens, place)
        weights += weight
    return max(-1.0, min(1.0, total / weights)) if weights else 0.0


def _modified(tokens: list[str], place: int) -> float:
    factor = 1.0
    before = tokens[place - 1] if place else ""
    if before in INTENSIFIERS:
        factor *= INTENSIFIED
    elif before in DIMINISHERS:
        factor *= DIMINISHED
    if NEGATIONS.intersection(tokens[max(0, place - REACH) : place]):
        factor *= NEGATED
    return factor

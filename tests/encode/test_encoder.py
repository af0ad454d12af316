import json
import logging
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from devaflow.encode import encoder as module
from devaflow.encode.encoder import encode
from devaflow.encode.locate import locate_encoder
from devaflow.errors import InputError


def states_of(texts, folder, max_tokens=128):
    return encode(texts, folder, max_tokens, "cpu")


def one(states, text):
    start, length = states.spans(pd.Series([text]))
    return states.states[start : start + length]


def test_each_distinct_text_is_encoded_once(minilm, caplog):
    logging.getLogger("devaflow").setLevel(logging.INFO)
    with caplog.at_level(logging.INFO):
        states = states_of(["good", "bad", "good", "good"], minilm)
    assert states.index["text"].tolist() == ["bad", "good"]
    assert "2 distinct texts" in caplog.text
    assert states.states.dtype == torch.float16
    assert len(states.states) == states.index["length"].sum() == 6


def test_no_batch_has_more_tokens_than_it_may_once_it_is_padded():
    lengths = [3, 9, 4, 9, 2]
    batches = list(module._batches(lengths, most=18))
    assert sorted(row for batch in batches for row in batch) == list(range(5))
    assert all(len(batch) * max(lengths[row] for row in batch) <= 18 for batch in batches)


def test_states_are_those_of_the_model_run_on_the_text_alone(minilm):
    texts = ["good", "the plot was dull, and nobody laughed at any of it", "i cried twice"]
    states = states_of(texts, minilm)
    tokenizer = AutoTokenizer.from_pretrained(minilm)
    model = AutoModel.from_pretrained(minilm).eval()
    for text in texts:
        with torch.inference_mode():
            alone = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        torch.testing.assert_close(one(states, text).float(), alone, atol=2e-3, rtol=2e-3)


def test_states_are_read_after_the_layer_that_is_asked_for(minilm):
    text = "the plot was dull, and nobody laughed at any of it"
    tokenizer = AutoTokenizer.from_pretrained(minilm)
    model = AutoModel.from_pretrained(minilm).eval()
    with torch.inference_mode():
        given = tokenizer(text, return_tensors="pt")
        after = model(**given, output_hidden_states=True).hidden_states
    for layer in (1, 4, 6):
        states = encode([text], minilm, 128, "cpu", layer=layer)
        torch.testing.assert_close(states.states.float(), after[layer][0], atol=2e-3, rtol=2e-3)
    assert torch.equal(states.states, states_of([text], minilm).states)


def test_what_the_encoder_cannot_read_is_refused(minilm):
    with pytest.raises(InputError, match=r"layer: 7, but this encoder has 6 layers"):
        encode(["good"], minilm, 128, "cpu", layer=7)
    with pytest.raises(InputError, match=r"max_tokens: 600, but this encoder reads 512 tokens"):
        states_of(["good"], minilm, max_tokens=600)


def test_a_long_text_is_cut_at_its_end_and_with_a_context_at_its_beginning(minilm):
    long = " ".join(["one"] * 40 + ["two"] * 40)
    alone = one(states_of([long], minilm, max_tokens=10), long)
    # As of a first segment, which has no words before its own.
    after = one(states_of(["\n" + long], minilm, max_tokens=10), "\n" + long)
    ones, twos = (one(states_of([text], minilm), text) for text in ("one " * 8, "two " * 8))
    torch.testing.assert_close(alone, ones, atol=5e-3, rtol=5e-3)
    torch.testing.assert_close(after, twos[1:], atol=5e-3, rtol=5e-3)


def test_texts_that_are_not_read_in_full_are_told_of(minilm, capfd):
    long, short, full = "so good " * 10, "good", "a b c d e f g h"
    context = [f"{long}\n{text}" for text in (long, short, full)]
    cut = states_of([long, short, full, *context], minilm, max_tokens=10).index.set_index("text")
    assert cut["cut"][[long, *context[:1]]].all()
    assert not cut["cut"][[short, full, *context[1:]]].any(), "what else is cut is context"
    assert "2 of 6 distinct texts are longer than 10 tokens" in capfd.readouterr().err


def test_a_language_that_the_encoder_does_not_know_is_told_of(minilm, capfd):
    states_of(["nobody laughed", "sehr schön", "wow 👍"], minilm)
    assert "unknown" not in capfd.readouterr().err
    states_of(["這部電影真的很好看", "nobody laughed"], minilm)
    told = capfd.readouterr().err
    assert "of the tokens of these texts are unknown to it" in told
    assert "電影" not in told, "logs hold no transcripts"


def test_of_several_lines_all_are_read_and_the_last_is_kept(minilm):
    context, own = "the plot was dull\nnobody laughed\n", "but, wow, i cried twice"
    whole = one(
        states_of([context.replace("\n", " ") + own], minilm), context.replace("\n", " ") + own
    )
    alone = one(states_of([own], minilm), own)
    kept = one(states_of([context + own, own, "good"], minilm), context + own)
    assert len(kept) == len(alone) - 1  # the special token in front stands before the context
    torch.testing.assert_close(kept, whole[-len(kept) :], atol=5e-3, rtol=5e-3)
    assert not torch.allclose(kept, alone[1:], atol=0.1)


def test_a_context_that_is_too_long_leaves_the_last_line(minilm):
    text = "the plot was dull " * 20 + "\ni cried twice"
    assert len(one(states_of([text], minilm, max_tokens=10), text)) == 4
    assert len(one(states_of([text], minilm, max_tokens=4), text)) == 3


def test_a_tokenizer_that_does_not_know_places_reads_no_context(minilm, monkeypatch):
    slow = property(lambda tokenizer: False)
    monkeypatch.setattr("transformers.PreTrainedTokenizerFast.is_fast", slow)
    assert len(states_of(["good"], minilm).states) == 3
    with pytest.raises(InputError, match=r"set context: 0"):
        states_of(["dull\ngood"], minilm)


def test_weights_of_another_model_are_refused_and_not_drawn_at_random(copy):
    weights = load_file(copy / "model.safetensors")
    save_file({f"other.{name}": w for name, w in weights.items()}, copy / "model.safetensors")
    with pytest.raises(InputError, match="do not belong together"):
        states_of(["good"], copy)


def test_an_encoder_without_its_tokenizer_is_refused(copy, tmp_path):
    (copy / "tokenizer.json").unlink()
    (copy / "vocab.txt").unlink()
    with pytest.raises(InputError, match=r"none of tokenizer\.json"):
        locate_encoder("x", {"source": "path", "id": str(copy)}, tmp_path)


def test_pickled_code_in_weights_is_not_run(copy, tmp_path):
    class Code:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    (copy / "model.safetensors").unlink()
    torch.save({"embeddings.word_embeddings.weight": Code()}, copy / "pytorch_model.bin")
    with pytest.raises(InputError, match="cannot be loaded"):
        states_of(["good"], copy)
    assert not (tmp_path / "ran").exists()


def test_code_that_a_model_brings_is_not_run(copy, tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'w')\nfrom transformers import BertModel as Own\n"
    (copy / "modeling_own.py").write_text(code)
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling_own.Own", "AutoTokenizer": "modeling_own.Own"}
    for kind, accepted in (("bert", True), ("own", False)):
        (copy / "config.json").write_text(json.dumps(config | {"model_type": kind}))
        if accepted:
            states_of(["good"], copy)
        else:
            with pytest.raises(InputError, match="cannot be loaded"):
                states_of(["good"], copy)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_weights_that_are_no_safetensors_are_refused(copy, damage):
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes() + b"trailing garbage" if damage is None else damage)
    with pytest.raises(InputError, match="cannot be loaded"):
        states_of(["good"], copy)


def test_texts_of_any_characters_and_length_have_states(minilm):
    texts = ["", "great 😀👍🏽", "so good " * 300, "日本", "\u0301", "$(touch pwned)"]
    states = states_of(texts, minilm)
    assert states.index["length"].between(2, 128).all()
    assert torch.isfinite(states.states).all()


def test_a_tokenizer_without_a_padding_token_reads_the_same(minilm, copy):
    texts = ["good", "the plot was dull"]
    (copy / "special_tokens_map.json").unlink()
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "cls_token": "[CLS]"}
    (copy / "tokenizer_config.json").write_text(json.dumps(settings))
    whole = json.loads((copy / "tokenizer.json").read_text())
    (copy / "tokenizer.json").write_text(json.dumps(whole | {"padding": None}))
    assert AutoTokenizer.from_pretrained(copy).pad_token is None
    without, with_it = states_of(texts, copy), states_of(texts, minilm)
    for text in texts:
        torch.testing.assert_close(one(without, text), one(with_it, text), atol=2e-3, rtol=2e-3)

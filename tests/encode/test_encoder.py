import json
import logging
import shutil
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from devaflow.encode.encoder import encode
from devaflow.encode.locate import find_encoder, folder_of, identity, locate_encoder
from devaflow.encode.states import TokenStates, describe
from devaflow.errors import InputError


@pytest.fixture(scope="module")
def located(minilm_spec, tmp_path_factory):
    """What is known of the packaged encoder."""
    return locate_encoder("minilm", minilm_spec, tmp_path_factory.mktemp("models"))


def states_of(texts, folder, max_tokens=128):
    return encode(texts, folder, max_tokens, "cpu")


def one(states, text):
    start, length = states.spans(pd.Series([text]))
    return states.states[start : start + length]


def test_the_packaged_encoder_is_a_bert_of_384_dimensions(located, minilm):
    assert (located["hidden_size"], located["model_type"]) == (384, "bert")
    assert located["revision"] == "0.1.0"
    assert located["folder"] is None, "another environment has the package in another place"
    assert folder_of(located) == minilm
    assert (minilm / "model.safetensors").is_file()


def test_each_distinct_text_is_encoded_once(minilm, caplog):
    logging.getLogger("devaflow").setLevel(logging.INFO)
    with caplog.at_level(logging.INFO):
        states = states_of(["good", "bad", "good", "good"], minilm)
    assert states.index["text"].tolist() == ["bad", "good"]
    assert "2 distinct texts" in caplog.text
    assert states.states.dtype == torch.float16
    assert len(states.states) == states.index["length"].sum() == 6


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


def test_states_survive_their_files(minilm, tmp_path):
    states = states_of(["good", "bad"], minilm)
    states.write(tmp_path / "t.safetensors", tmp_path / "t.parquet", "CPU, AVX2")
    again = TokenStates.read(tmp_path / "t.safetensors", tmp_path / "t.parquet")
    assert torch.equal(again.states, states.states)
    assert again.index.equals(states.index)
    assert again.hidden == 384
    assert describe(tmp_path / "t.safetensors", tmp_path / "t.parquet") == {
        "hidden": 384,
        "distinct_texts": 2,
        "mean_tokens": 3.0,
        "device": "CPU, AVX2",
    }


def test_a_text_that_was_not_encoded_is_named(minilm):
    with pytest.raises(InputError, match="'ugly'"):
        states_of(["good"], minilm).spans(pd.Series(["good", "ugly"]))


def test_another_package_version_is_refused(minilm_spec, tmp_path):
    with pytest.raises(InputError, match=r"is 0\.1\.0, the configuration asks for 9\.9"):
        locate_encoder("minilm", minilm_spec | {"revision": "9.9"}, tmp_path)


def test_a_folder_has_no_revision(minilm, minilm_spec, tmp_path):
    merged = minilm_spec | {"source": "path", "id": str(minilm)}
    assert locate_encoder("minilm", merged, tmp_path)["revision"] == "local"


def test_another_tokenizer_is_another_encoder(copy, tmp_path):
    spec = {"source": "path", "id": str(copy)}
    before = locate_encoder("x", spec, tmp_path)
    (copy / "tokenizer_config.json").write_text("{}")
    after = locate_encoder("x", spec, tmp_path)
    differ = {name for name, value in before["sha256"].items() if after["sha256"][name] != value}
    assert differ == {"tokenizer_config.json"}


def test_an_encoder_is_the_same_wherever_it_lies(located):
    assert identity(located | {"folder": "elsewhere"}) == identity(located)


def test_an_absent_package_is_named(minilm_spec, tmp_path):
    with pytest.raises(InputError, match="'no-such-encoder' is not installed"):
        locate_encoder("x", minilm_spec | {"id": "no-such-encoder"}, tmp_path)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match=r"config\.json"):
        locate_encoder("x", {"source": "path", "id": str(tmp_path)}, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 8}))
    with pytest.raises(InputError, match=r"model\.safetensors"):
        locate_encoder("x", {"source": "path", "id": str(tmp_path)}, tmp_path)


@pytest.fixture
def copy(minilm, tmp_path):
    """A copy of the packaged model that a test may spoil."""
    folder = tmp_path / "model"
    shutil.copytree(minilm, folder)
    return folder


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


@pytest.mark.parametrize("damage", ["garbage behind", "half", "nothing"])
def test_damaged_token_states_are_refused(minilm, tmp_path, damage):
    path = tmp_path / "t.safetensors"
    states_of(["good"], minilm).write(path, tmp_path / "t.parquet", "CPU")
    whole = path.read_bytes()
    spoilt = {"garbage behind": whole + b"x", "half": whole[: len(whole) // 2], "nothing": b""}
    path.write_bytes(spoilt[damage])
    with pytest.raises(InputError, match="encode again"):
        TokenStates.read(path, tmp_path / "t.parquet")
    with pytest.raises(InputError, match="encode again"):
        describe(tmp_path / "t.safetensors", tmp_path / "t.parquet")


def test_texts_of_any_characters_and_length_have_states(minilm):
    texts = ["", "great 😀👍🏽", "so good " * 300, "日本", "\u0301", "$(touch pwned)"]
    states = states_of(texts, minilm)
    assert states.index["length"].between(2, 128).all()
    assert torch.isfinite(states.states).all()


def test_a_folder_with_a_model_is_an_encoder(minilm, located, tmp_path):
    spec = {"source": "path", "id": str(minilm)}
    assert locate_encoder("x", spec, tmp_path)["sha256"] == located["sha256"]


@pytest.fixture
def hub(monkeypatch, copy):
    """The hub, replaced by one whose repository is the packaged model; gives what was asked for."""
    asked = []

    def download(repository, revision, local_dir, allow_patterns):
        asked.extend(allow_patterns)
        for file in copy.iterdir():
            if file.is_file() and any(fnmatch(file.name, pattern) for pattern in allow_patterns):
                Path(local_dir).mkdir(parents=True, exist_ok=True)
                shutil.copy(file, local_dir)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    return asked


HUB = {"source": "hub", "id": "someone/a-model", "revision": "abc"}


def test_a_model_is_fetched_from_the_hub_once_and_its_weights_too(hub, located, tmp_path):
    models = tmp_path / "models"
    assert find_encoder(HUB, models) is None
    assert locate_encoder("x", HUB, models)["sha256"] == located["sha256"]
    assert "pytorch_model.bin" not in hub
    asked = len(hub)
    assert find_encoder(HUB, models) == models / "encoders" / "someone--a-model@abc"
    locate_encoder("x", HUB, models)
    assert len(hub) == asked


def test_two_jobs_may_fetch_the_same_model(hub, tmp_path, monkeypatch):
    first = locate_encoder("x", HUB, tmp_path / "models")
    monkeypatch.setattr("devaflow.encode.locate.find_encoder", lambda spec, models: None)
    assert locate_encoder("x", HUB, tmp_path / "models") == first
    assert len(list((tmp_path / "models" / "encoders").iterdir())) == 1


def test_a_model_that_lacks_a_part_is_not_kept(hub, copy, tmp_path):
    (copy / "config.json").unlink()
    with pytest.raises(InputError, match=r"config\.json"):
        locate_encoder("x", HUB, tmp_path / "models")
    assert list((tmp_path / "models" / "encoders").iterdir()) == []
    assert find_encoder(HUB, tmp_path / "models") is None

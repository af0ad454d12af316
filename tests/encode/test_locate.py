import json
import shutil
from fnmatch import fnmatch
from pathlib import Path

import pytest

from devaflow.encode.locate import find_encoder, folder_of, identity, locate_encoder
from devaflow.errors import InputError


@pytest.fixture(scope="module")
def located(minilm_spec, tmp_path_factory):
    """What is known of the packaged encoder."""
    return locate_encoder("minilm", minilm_spec, tmp_path_factory.mktemp("models"))


def test_the_packaged_encoder_is_a_bert_of_384_dimensions(located, minilm):
    assert (located["hidden_size"], located["model_type"]) == (384, "bert")
    assert located["revision"] == "0.1.0"
    assert located["folder"] is None, "another environment has the package in another place"
    assert folder_of(located) == minilm
    assert (minilm / "model.safetensors").is_file()


def test_a_part_of_the_packaged_model_is_not_taken_for_it(minilm_spec, minilm, monkeypatch):
    """Not even where a file system names the folder of its pooling layer first."""
    rglob = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda *given: sorted(rglob(*given)))
    assert find_encoder(minilm_spec, Path("unused")) == minilm


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
    with pytest.raises(InputError, match=r"^encoder someone/a-model holds no config\.json"):
        locate_encoder("x", HUB, tmp_path / "models")
    assert list((tmp_path / "models" / "encoders").iterdir()) == []
    assert find_encoder(HUB, tmp_path / "models") is None


def test_an_encoder_whose_folder_is_gone_is_named_with_the_remedy(tmp_path):
    located = {"name": "bert", "source": "hub", "folder": str(tmp_path / "gone")}
    with pytest.raises(InputError, match="put it back, or run again with --forcerun locate"):
        folder_of(located)

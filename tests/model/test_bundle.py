import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from devaflow.errors import InputError
from devaflow.model.bundle import Bundle, read_bundle, write_bundle
from devaflow.model.devanet import build
from devaflow.model.inputs import Inputs
from devaflow.model.settings import ModelSettings


class Code:
    """Pickled, it asks the reader to run something."""

    def __reduce__(self) -> tuple:
        return print, ("this ran",)


@pytest.fixture
def bundle(inputs: Inputs, optim: ModelSettings) -> Bundle:
    return Bundle(
        variant="optimized",
        weights=build(inputs.hidden, optim).state_dict(),
        normalisation=inputs.normalisation(),
        thresholds={"loudness": [0.2455, 0.4277]},
        metrics={"MAE": 0.76, "counts": {"train": 20}},
        configuration={
            "model": {"network": "devanet_optim", "modality_tokens": 4, "encoder_heads": 4}
        },
        encoders={"bert": {"id": "bert-base-uncased", "revision": None}},
        preprocessing={"text": {"lowercase": True}},
    )


def test_what_is_written_is_read_and_predicts_the_same(
    bundle: Bundle, inputs: Inputs, optim: ModelSettings, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "model.pth", bundle)
    found = read_bundle(tmp_path / "model.pth")
    for part in ("variant", "thresholds", "metrics", "configuration", "encoders", "preprocessing"):
        assert getattr(found, part) == getattr(bundle, part)
    batch = inputs.batch(torch.arange(4))
    original = build(inputs.hidden, optim).eval()
    original.load_state_dict(bundle.weights)
    expected = original(bundle.normalisation.apply(batch))
    torch.testing.assert_close(
        found.network()(found.normalisation.apply(batch)), expected, rtol=0, atol=0
    )


def test_equal_content_gives_equal_bytes_under_any_name(bundle: Bundle, tmp_path: Path) -> None:
    one, two = tmp_path / "one.pth", tmp_path / "other.pth"
    write_bundle(one, bundle)
    # Equal, but other objects in memory.
    copied = {name: weight.clone() for name, weight in bundle.weights.items()}
    metrics = json.loads(json.dumps(bundle.metrics))
    write_bundle(two, replace(bundle, weights=copied, metrics=metrics))
    assert one.read_bytes() == two.read_bytes()


def test_it_loads_with_weights_only(bundle: Bundle, tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.pth", bundle)
    content = torch.load(tmp_path / "model.pth", weights_only=True)
    assert content["format"] == 4
    assert content["normalisation"]["mean"].shape == (3, 16)


def test_pickled_code_is_refused_and_does_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    torch.save({"format": 2, "weights": Code()}, tmp_path / "model.pth")
    with pytest.raises(InputError, match="pickled code, which is never run"):
        read_bundle(tmp_path / "model.pth")
    assert capsys.readouterr().out == ""


def test_a_compressed_archive_is_not_unpacked(bundle: Bundle, tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.pth", bundle)
    with (
        zipfile.ZipFile(tmp_path / "model.pth") as whole,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for member in whole.namelist():
            bomb.writestr(member, whole.read(member))
    with pytest.raises(InputError, match=r"bomb\.pth: not a model bundle"):
        read_bundle(tmp_path / "bomb.pth")


def test_a_damaged_weight_is_not_read(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    write_bundle(path, bundle)
    with zipfile.ZipFile(path) as archive:
        tensors = (member for member in archive.infolist() if "/data/" in member.filename)
        name = max(tensors, key=lambda member: member.file_size)
        stored = archive.read(name)
    content = path.read_bytes()
    assert content.count(stored) == 1
    path.write_bytes(content.replace(stored, bytes([stored[0] ^ 1]) + stored[1:]))
    torch.load(path, weights_only=True)  # which does not see it
    with pytest.raises(InputError, match=r"model\.pth: not a model bundle, a damaged one"):
        read_bundle(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"configuration": {"model": []}},
        {"normalisation": {"mean": torch.tensor(0.0), "std": torch.tensor(1.0)}},
    ],
)
def test_a_part_of_another_type_is_refused(bundle: Bundle, tmp_path: Path, wrong) -> None:
    path = tmp_path / "model.pth"
    write_bundle(path, bundle)
    content = torch.load(path, weights_only=True)
    for key, value in wrong.items():
        content[key] = content[key] | value
    torch.save(content, path)
    with pytest.raises(InputError, match="train the variant again with this version"):
        read_bundle(path)


def test_tensors_larger_than_their_file_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    write_bundle(path, bundle)
    vast = torch.zeros(1).expand(3, 10**12)
    content = torch.load(path, weights_only=True)
    torch.save(content | {"normalisation": dict.fromkeys(STATISTICS, vast)}, path)
    assert path.stat().st_size < 10**7
    with pytest.raises(InputError, match="larger than the file"):
        read_bundle(path)


@pytest.mark.parametrize(
    "content", [b"", b"not a model", b"PK\x03\x04 cut short", pickle.dumps([1], protocol=2)]
)
def test_another_kind_of_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(content)
    with pytest.raises(InputError, match=r"model\.pth: .*train the variant again"):
        read_bundle(tmp_path / "model.pth")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.pth: no such model"):
        read_bundle(tmp_path / "none.pth")


STATISTICS = ("mean", "std", "values_mean", "values_std")


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"format": 1},
        {"metrics": [1]},
        {"configuration": {}},
        {"weights": {"a": 1}},
        {"normalisation": {"mean": torch.zeros(3, 16)}},
        {"normalisation": dict.fromkeys(STATISTICS, torch.zeros(2, 16))},
    ],
)
def test_wrong_keys_and_types_are_refused(change: dict, bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    write_bundle(path, bundle)
    torch.save(torch.load(path, weights_only=True) | change, path)
    with pytest.raises(InputError, match="train the variant again"):
        read_bundle(path)


def test_weights_of_another_network_are_refused(bundle: Bundle) -> None:
    with pytest.raises(InputError, match="weights do not fit its configuration"):
        replace(bundle, configuration={"model": {"network": "devanet"}}).network()


def test_a_network_that_would_fill_the_memory_is_not_built(bundle: Bundle) -> None:
    model = bundle.configuration["model"] | {"modality_tokens": 10**12}
    with pytest.raises(InputError, match="weights do not fit its configuration"):
        replace(bundle, configuration={"model": model}).network()


def test_metrics_that_are_not_numbers_are_not_written(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_bundle(tmp_path / "model.pth", replace(bundle, metrics={"MAE": float("nan")}))
    assert not list(tmp_path.iterdir())

"""What numbers are calculated on. There is no GPU here: PyTorch's answers about one are played."""

import os
import warnings

import pytest
import torch

from devaflow.encode.device import find_device, has_bfloat16, make_deterministic, using_device
from devaflow.errors import InputError

OLD_DRIVER = "The NVIDIA driver on your system is too old"


def test_what_is_not_repeatable_is_refused_on_the_gpu_too(monkeypatch) -> None:
    monkeypatch.setattr("os.environ", {})
    make_deterministic(1)
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


@pytest.fixture
def old_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def available() -> bool:
        warnings.warn(OLD_DRIVER, stacklevel=2)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", available)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that PyTorch finds, and this build of it cannot calculate on."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


def test_where_there_is_no_gpu_nothing_is_said_of_one(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_device() == ("cpu", "")


@pytest.mark.usefixtures("old_driver")
def test_a_gpu_that_is_not_used_is_told_on_the_terminal(capfd) -> None:
    assert find_device() == ("cpu", OLD_DRIVER)
    with using_device() as device:
        assert device == "cpu"
    assert f"the GPU is not used: {OLD_DRIVER}" in capfd.readouterr().err


@pytest.mark.usefixtures("gpu")
def test_a_gpu_on_which_nothing_can_be_calculated_is_refused_with_a_way_out(monkeypatch) -> None:
    def ones(*size: int, device: str) -> torch.Tensor:
        raise RuntimeError(f"{device}: no kernel image is available")

    monkeypatch.setattr(torch, "ones", ones)
    with pytest.raises(InputError, match=r"no kernel image .* set CUDA_VISIBLE_DEVICES= to"):
        find_device()


@pytest.mark.parametrize("instructions", ["avx512_bf16", "amx_bf16"])
def test_a_processor_has_bfloat16_where_it_has_instructions_for_it(
    monkeypatch, instructions
) -> None:
    capabilities = {"avx512": True, "avx512_bf16": False, "amx_bf16": False}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert not has_bfloat16("cpu")
    capabilities[instructions] = True
    assert has_bfloat16("cpu")


def test_a_job_for_which_the_memory_does_not_suffice_says_what_to_do() -> None:
    with (
        pytest.raises(InputError, match=r"Tried to allocate .*--resources gpu_jobs=1"),
        using_device(),
    ):
        raise torch.OutOfMemoryError("Tried to allocate 2 GiB")

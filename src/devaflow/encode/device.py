"""What a device calculates with: numbers of another precision, or another device, other digits."""

import os
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from devaflow.errors import InputError
from devaflow.jobs import announce, log

REMEDY = (
    "run fewer jobs at a time (--resources gpu_jobs=1), or set CUDA_VISIBLE_DEVICES= to calculate "
    "on the processor"
)


def make_deterministic(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and refuse operations whose result is not repeatable."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    # Without it cuBLAS refuses to be deterministic; it is read when CUDA starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)


def find_device() -> tuple[str, str]:
    """What numbers are calculated on, and why that is not the GPU, if there is one.

    The GPU where PyTorch can use it, else the processor. PyTorch reports a driver that is too old
    only as a warning. InputError for a GPU on which nothing can be calculated: one that this build
    of PyTorch is too new for, or one without room.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = torch.cuda.is_available()
    if not found:
        return "cpu", " ".join(str(one.message) for one in said)
    try:
        torch.ones(1, device="cuda").add(1).item()
    except RuntimeError as error:
        raise InputError(f"the GPU cannot be used ({error}): {REMEDY}") from error
    return "cuda", ""


@contextmanager
def using_device() -> Iterator[str]:
    """Give the device that numbers are calculated on, and tell which it is.

    InputError where its memory does not suffice, and as `find_device`.
    """
    device, unused = find_device()
    if unused:
        announce(f"the GPU is not used: {unused}")
    log.info("calculating on %s", device_name(device))
    try:
        yield device
    except torch.OutOfMemoryError as error:
        raise InputError(f"the GPU has too little free memory ({error}): {REMEDY}") from error


def has_bfloat16(device: torch.device | str) -> bool:
    """Whether a device multiplies matrices in bfloat16 itself: where it is emulated, it is slow."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return any(torch.cpu.get_capabilities().get(key) for key in ("avx512_bf16", "amx_bf16"))


def fine_tuning_precision(amp: bool, device: torch.device | str) -> torch.dtype:
    """What fine-tuning multiplies matrices in: bfloat16 if it is wanted and the device has it."""
    return torch.bfloat16 if amp and has_bfloat16(device) else torch.float32


def device_name(device: torch.device | str) -> str:
    """The model of a GPU; of a processor the instructions that PyTorch uses on it."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.backends.cpu.get_cpu_capability()}"

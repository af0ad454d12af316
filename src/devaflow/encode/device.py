"""What a device calculates with: numbers of another precision, or another device, other digits."""

import os
import random

import numpy as np
import torch


def make_deterministic(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and refuse operations whose result is not repeatable."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    # Without it cuBLAS refuses to be deterministic; it is read when CUDA starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)


def available_device() -> str:
    """What numbers are calculated on: a GPU where PyTorch finds one, else the processor."""
    return "cuda" if torch.cuda.is_available() else "cpu"


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

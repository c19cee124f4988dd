"""In which precision it pays to run a model on a device."""

from __future__ import annotations

import contextlib
from typing import Literal

import torch
from torch import nn

Precision = Literal["auto", "bf16", "fp32"]

# Below this feature width the casts cost more than the bf16 matrix products save on a CPU: measured by
# benchmarks/score_model.py (AVX512-BF16: 0.9x at width 64, 3.1x at 384, 4.3x at 768).
BF16_MIN_DIM = 256


def pick_precision(precision: Precision, device: torch.device, dim: int) -> Literal["bf16", "fp32"]:
    """``bf16`` or ``fp32``: for ``auto``, bf16 where the hardware multiplies it natively and the model is wide enough.

    Args:
        precision: What the user asks for; ``bf16`` and ``fp32`` are taken as they are.
        device: Where the model runs.
        dim: Width of the backbone's feature.

    Example:
        >>> pick_precision("fp32", torch.device("cpu"), 1024)
        'fp32'
    """
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "cpu" and dim >= BF16_MIN_DIM and _cpu_multiplies_bf16():
        return "bf16"
    return "fp32"


def _cpu_multiplies_bf16() -> bool:
    # torch has no public question for this before get_capabilities (2.10); both are absent on some builds
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe)() for probe in probes if hasattr(torch.cpu, probe))


def cast_products(module: nn.Module, dtype: torch.dtype = torch.bfloat16) -> None:
    """Cast, in place, frozen weights of matrix products and convolutions; all else (LayerNorms!) keeps its precision.

    Tuned LayerNorm weights lie near one and differ from the base by less than a bf16 step (2**-8), so they stay fp32.
    Autocast would cast the same weights to the same values, but anew on every forward pass and beside the originals.
    """
    for child in module.modules():
        if isinstance(child, nn.Linear | nn.Conv2d | nn.MultiheadAttention):
            for name, parameter in child.named_parameters(recurse=False):
                if not parameter.requires_grad:
                    setattr(child, name, nn.Parameter(parameter.detach().to(dtype), requires_grad=False))


def autocast(
    device: torch.device, precision: Literal["bf16", "fp16", "fp32"]
) -> contextlib.AbstractContextManager[None]:
    """The context in which a forward pass of that precision runs."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.float16 if precision == "fp16" else torch.bfloat16)

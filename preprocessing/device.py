"""Which device to run on."""

from __future__ import annotations

import torch

from preprocessing.errors import FacefakeError


def pick_device(name: str | None = None, *, mps: bool = True) -> torch.device:
    """The device of that name, or the best one there is.

    Args:
        name: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; ``None`` or ``auto``: CUDA before MPS before the CPU.
        mps: Whether what will run there runs on Apple's GPUs at all. MTCNN does not: it pools to sizes that do not
            divide its input's, which torch's MPS backend cannot.

    Raises:
        FacefakeError: ``device_unavailable``.

    Example:
        >>> pick_device("cpu")
        device(type='cpu')
    """
    has_mps = torch.backends.mps.is_available()
    if name is None or name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if mps and has_mps else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise FacefakeError("device_unavailable", f"{name!r} is no device", "Use cpu, cuda, cuda:N or mps.") from error
    if device.type == "mps" and not mps:
        return torch.device("cpu")
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": has_mps,
    }
    if not there.get(device.type, False):
        raise FacefakeError("device_unavailable", f"there is no {name} here", "Use another device, e.g. cpu.")
    return device

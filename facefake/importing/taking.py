"""Tensors of a published file by name and shape."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from facefake.importing.forms import mismatch
from facefake.opening.opened import Opened


def take(opened: Opened, expected: str, wanted: Mapping[str, tuple[int, ...]]) -> list[Tensor]:
    """The tensors of these names, in this order, as float32.

    Args:
        opened: The file; it may hold others besides.
        expected: What the file should be, for the error.
        wanted: Shapes by name.

    Raises:
        FacefakeError: ``import_mismatch`` if one is missing or of another shape.
    """
    for name, shape in wanted.items():
        if name not in opened.tensors:
            raise mismatch(opened, expected, f"{name} is missing")
        found = tuple(opened.tensors[name].shape)
        if found != shape:
            raise mismatch(opened, expected, f"{name} is {found}, not {shape}")
    return [opened.tensors[name].float() for name in wanted]

"""Tensors of a published file by name and shape, and the error of a file that does not have them."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from facefake.opening.looks import looks_like
from facefake.opening.opened import Opened
from preprocessing.errors import FacefakeError


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


def take_head(opened: Opened, expected: str, name: str, dim: int) -> dict[str, Tensor]:
    """A linear layer of two logits, real and fake in that order, as :class:`facefake.importing.parts.Parts` has it.

    Args:
        opened: The file.
        expected: What the file should be, for the error.
        name: The layer's.
        dim: Width of the feature it stands on.

    Raises:
        FacefakeError: As :func:`take`.
    """
    weight, bias = take(opened, expected, {f"{name}.weight": (2, dim), f"{name}.bias": (2,)})
    return {"linear.weight": weight, "linear.bias": bias}


def mismatch(opened: Opened, expected: str, reason: str) -> FacefakeError:
    """The error of a file that is not of the form it was said to be: what was expected, and what it looks like.

    Args:
        opened: The file.
        expected: What the form is, e.g. ``GenD on CLIP``.
        reason: What of it is not so.
    """
    return FacefakeError(
        "import_mismatch",
        f"{opened.path} is not {expected}: {reason}. It looks like {looks_like(opened.tensors)}.",
        "`facefake detectors` lists what can be imported, and `facefake detectors info NAME` names its file.",
    )

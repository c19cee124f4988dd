"""Effort as published: CLIP with the last singular components of its attention's matrices tuned (arXiv:2411.15633).

Each matrix of attention is kept as ``weight_main + U_residual diag(S_residual) V_residual``
(``DeepfakeBench/training/detectors/effort_detector.py`` of YZY-stack/Effort-AIGI-Detection): of n singular components
in the residual, those of CLIP were taken out and tuned ones put in. So it differs from CLIP's by a matrix of rank 2 n
at most, which is a low-rank update: a few megabytes of a file of more than a gigabyte. Query, key and value are one
matrix in open_clip and share an update of three blocks. The head is a linear map of the feature before the projection,
its classes real and fake in that order.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

from facefake.importing.names import find_tower, to_open_clip
from facefake.importing.parts import Parts
from facefake.importing.taking import mismatch, take_head
from facefake.models.backbone import Backbone
from facefake.models.tuning import LoraSettings
from facefake.opening.opened import Opened

_WHAT = "Effort on CLIP"
_MAIN = ".weight_main"
_RESIDUALS = ("U_residual", "S_residual", "V_residual")
_ATTENTION = re.compile(r".*\.attn\.(in_proj_weight|out_proj\.weight)")
_SPARE = 4  # components beyond those looked for, which make a randomised decomposition exact


def effort(opened: Opened, backbone: Backbone) -> Parts:
    """Read Effort.

    Args:
        opened: A checkpoint of DeepfakeBench.
        backbone: The base, from which the updates are told.

    Returns:
        The updates, and a tower that is the base's as far as their rank can tell: one that was tuned from another base
        keeps the difference.

    Raises:
        FacefakeError: ``import_mismatch``.
    """
    found = find_tower(opened.tensors)
    matrices = [name.removesuffix(_MAIN) for name in found if name.endswith(_MAIN)]
    if not matrices:
        raise mismatch(opened, _WHAT, "it holds no matrix with a tuned residual")
    count = max(_residual_rank(opened, found, name) for name in matrices)
    tower = to_open_clip({**found, **{f"{name}.weight": _whole(found, name) for name in matrices}})
    settings = LoraSettings(rank=6 * count, alpha=6 * count, targets=("attention",))
    base = backbone.visual.state_dict()
    updates: dict[str, Tensor] = {}
    for name in [name for name in tower if _ATTENTION.fullmatch(name)]:
        if name not in base or base[name].shape != tower[name].shape:
            raise mismatch(opened, _WHAT, f"{name} is not of the size of {backbone.spec.name}'s")
        up, down = _update(tower[name] - base[name], 2 * count, settings.rank)
        tower[name] -= up @ down
        updates |= {f"{name}.lora_up": up, f"{name}.lora_down": down}
    return Parts(
        tower=tower,
        head=take_head(opened, _WHAT, "head", backbone.dim),
        updates=updates,
        lora_settings=settings,
    )


def _residual_rank(opened: Opened, tower: dict[str, Tensor], name: str) -> int:
    if missing := [part for part in _RESIDUALS if f"{name}.{part}" not in tower]:
        raise mismatch(opened, _WHAT, f"{name}.{missing[0]} is missing")
    return len(tower[f"{name}.S_residual"])


def _whole(tower: dict[str, Tensor], name: str) -> Tensor:
    up, scale, down = (tower[f"{name}.{part}"].float() for part in _RESIDUALS)
    return tower[f"{name}{_MAIN}"].float() + up * scale @ down


def _update(difference: Tensor, rank: int, width: int) -> tuple[Tensor, Tensor]:
    """The best update of a matrix, or of the square matrices stacked in it, each with a rank of its own.

    Args:
        difference: (blocks * dim, dim).
        rank: Of a block.
        width: Of the update, at least ``rank`` for each block; what is left over stays zero.

    Returns:
        ``up`` (blocks * dim, width) and ``down`` (width, dim).
    """
    dim = difference.shape[1]
    ups, downs = zip(*(_low_rank(block, rank) for block in difference.split(dim)), strict=True)
    up, down = torch.block_diag(*ups), torch.cat(downs)
    spare = width - up.shape[1]
    return torch.nn.functional.pad(up, (0, spare)), torch.nn.functional.pad(down, (0, 0, 0, spare))


def _low_rank(matrix: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """``up`` (n, rank) and ``down`` (rank, m), whose product is nearest to a matrix (Eckart and Young, 1936)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        left, scale, right = torch.svd_lowrank(matrix.double(), q=min(rank + _SPARE, *matrix.shape))
    root = scale[:rank].sqrt()
    return (left[:, :rank] * root).float(), (right[:, :rank] * root).T.float()

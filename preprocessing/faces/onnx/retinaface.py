"""RetinaFace (Deng et al., CVPR 2020, arXiv 1905.00641) in the form of biubug6/Pytorch_Retinaface, either backbone.

``layers/functions/prior_box.py`` and ``utils/box_utils.py`` there. Two square priors a cell on three grids; box and
landmarks are offsets from a prior's centre in tenths of its side, sides in exponents of a fifth.
"""

from __future__ import annotations

import numpy as np

from preprocessing.faces.onnx.grid import Found, Outputs, cells, strides

_SIDES = ((16, 32), (64, 128), (256, 512))
_CENTRE, _SIDE = 0.1, 0.2  # the variances of its configs


def decode(outputs: Outputs, canvas: tuple[int, int]) -> Found:
    """Faces of the outputs of width 4 (box), 2 (probability of none and of a face) and 10 (landmarks).

    Args:
        outputs: By width.
        canvas: Width and height.

    Raises:
        ValueError: The outputs do not fit the canvas.
    """
    (box,), (classes,), (vectors,) = outputs[4], outputs[2], outputs[10]
    centres, sides = _priors(canvas)
    middles = centres + box[:, :2] * _CENTRE * sides
    halves = np.exp(box[:, 2:] * _SIDE) * sides / 2
    landmarks = centres[:, None] + vectors.reshape(-1, 5, 2) * _CENTRE * sides[:, None]
    return Found(np.hstack([middles - halves, middles + halves]), landmarks, classes[:, 1])


def _priors(canvas: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Centres ``(n, 2)`` and sides ``(n, 1)`` in pixels."""
    centres, sides = [], []
    for stride, pair in zip(strides(3), _SIDES, strict=True):
        grid = cells(canvas, stride)
        centres.append(np.repeat((grid + 0.5) * stride, len(pair), axis=0))
        sides.append(np.tile(pair, len(grid))[:, None])
    return np.concatenate(centres), np.concatenate(sides).astype(np.float64)

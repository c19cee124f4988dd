"""SCRFD (Guo et al., ICLR 2022, arXiv 2105.04714) as insightface exports it.

``detection/scrfd/tools/scrfd.py`` of deepinsight/insightface. From each cell, distances to the box's sides and vectors
to the landmarks, in cells; two anchors a cell on three grids, or one on five.
"""

from __future__ import annotations

import numpy as np

from preprocessing.faces.onnx.grid import Found, Outputs, cells, strides, together


def decode(outputs: Outputs, canvas: tuple[int, int]) -> Found:
    """Faces of the outputs, of width 1 (confidence), 4 (distances) and 10 (landmarks) on each grid.

    Args:
        outputs: By width.
        canvas: Width and height.

    Raises:
        ValueError: The outputs do not fit the canvas.
    """
    parts = []
    levels = zip(strides(len(outputs[1])), outputs[1], outputs[4], outputs[10], strict=True)
    for stride, confidence, distances, vectors in levels:
        grid = cells(canvas, stride)
        anchors = len(confidence) // len(grid)
        centres = np.repeat(grid, anchors, axis=0) * stride
        boxes = np.hstack([centres - distances[:, :2] * stride, centres + distances[:, 2:] * stride])
        landmarks = centres[:, None] + vectors.reshape(-1, 5, 2) * stride
        parts.append(Found(boxes, landmarks, confidence[:, 0]))
    return together(parts)

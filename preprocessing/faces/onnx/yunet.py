"""YuNet (Wu et al., Machine Intelligence Research, 2023) as its authors and OpenCV Zoo export it, since 2023.

``modules/objdetect/src/face_detect.cpp`` of opencv/opencv. From each cell, the box's centre and the logarithms of its
sides, and the landmarks, in cells; the confidence is the geometric mean of two outputs, face and object.
"""

from __future__ import annotations

import numpy as np

from preprocessing.faces.onnx.grid import Found, Outputs, cells, strides, together


def decode(outputs: Outputs, canvas: tuple[int, int]) -> Found:
    """Faces of the outputs: on each grid two of width 1, one of width 4 and one of width 10.

    Args:
        outputs: By width.
        canvas: Width and height.

    Raises:
        ValueError: The outputs do not fit the canvas.
    """
    parts = []
    halves = outputs[1][0::2], outputs[1][1::2]
    for stride, one, other, box, vectors in zip(strides(3), *halves, outputs[4], outputs[10], strict=True):
        grid = cells(canvas, stride)
        confidence = np.sqrt(np.clip(one[:, 0], 0, 1) * np.clip(other[:, 0], 0, 1))
        centres, sides = (grid + box[:, :2]) * stride, np.exp(box[:, 2:]) * stride
        landmarks = (grid[:, None] + vectors.reshape(-1, 5, 2)) * stride
        parts.append(Found(np.hstack([centres - sides / 2, centres + sides / 2]), landmarks, confidence))
    return together(parts)

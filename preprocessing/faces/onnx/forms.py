"""The forms of face detectors that are known, and how one is told by what it puts out.

All forms put out, for each place of some grids, a confidence, a box of 4 numbers and 5 landmarks of 2, in arrays whose
names and order differ from export to export while their shapes do not. So a form is told by the widths of its outputs,
and the grids of one width by their lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from preprocessing.faces.onnx import retinaface, scrfd, yunet
from preprocessing.faces.onnx.fit import Fit, Size, insightface, reduced
from preprocessing.faces.onnx.grid import Found, Outputs


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of face detector: what its networks take and how their outputs are read.

    Attributes:
        name: As in the name of a face detector.
        decode: From outputs and the canvas to faces.
        fit: How a frame comes onto the canvas.
        interpolation: OpenCV's, for that.
        bgr: Whether it wants blue first.
        mean: What is taken off its values, in its order of colours.
        deviation: What they are divided by.
        padding: Values beside the frame, likewise.
        least: Confidence from which something is a face.
        overlap: Of boxes, intersection over union above which they are one face.
        edge: What is taken off a coordinate of the full frame to count from pixel centres.
    """

    name: str
    decode: Callable[[Outputs, Size], Found]
    fit: Callable[[Size, Size | None, int | None], Fit]
    interpolation: int
    bgr: bool
    mean: tuple[float, float, float]
    deviation: float
    padding: tuple[float, float, float]
    least: float
    overlap: float
    edge: float

    def picture(self, rgb: np.ndarray, fit: Fit) -> np.ndarray:
        """What the network takes, ``(3, height, width)`` float32, of a frame ``(h, w, 3)`` uint8."""
        canvas = fit.draw(rgb[..., ::-1] if self.bgr else rgb, self.interpolation, self.padding)
        normalised = (canvas - np.array(self.mean, np.float32)) / np.float32(self.deviation)
        return np.ascontiguousarray(normalised.transpose(2, 0, 1))


# All three learn WIDER FACE with the landmarks that RetinaFace's authors added, and those count from the pixel's edge:
# between a picture and its mirror image SCRFD's landmarks differ by twice 0.50 to 0.52 pixels, YuNet's by twice 0.3 to
# 0.4 (dlib's photographs; no weights of RetinaFace were at hand). SCRFD's are left as they are, because the published
# crops were cut by them so: these are to come out the same, half a pixel of the full frame from where the face is.
SCRFD = Form(
    name="scrfd",
    decode=scrfd.decode,
    fit=insightface,
    interpolation=cv2.INTER_LINEAR,
    bgr=False,
    mean=(127.5, 127.5, 127.5),
    deviation=128,
    padding=(0, 0, 0),
    least=0.5,
    overlap=0.4,
    edge=0.0,
)
YUNET = Form(
    name="yunet",
    decode=yunet.decode,
    fit=reduced,
    interpolation=cv2.INTER_AREA,
    bgr=True,
    mean=(0, 0, 0),
    deviation=1,
    padding=(0, 0, 0),
    least=0.6,
    overlap=0.3,
    edge=0.5,
)
RETINAFACE = Form(
    name="retinaface",
    decode=retinaface.decode,
    fit=reduced,
    interpolation=cv2.INTER_AREA,
    bgr=True,
    mean=(104, 117, 123),
    deviation=1,
    padding=(104, 117, 123),
    least=0.5,
    overlap=0.4,
    edge=0.5,
)

_BY_WIDTHS: tuple[tuple[Mapping[int, int], Form], ...] = (
    ({1: 3, 4: 3, 10: 3}, SCRFD),
    ({1: 5, 4: 5, 10: 5}, SCRFD),
    ({1: 6, 4: 3, 10: 3}, YUNET),
    ({2: 1, 4: 1, 10: 1}, RETINAFACE),
)


def by_width(arrays: Sequence[np.ndarray]) -> Outputs:
    """A network's outputs for one picture, with or without a leading 1, in the order in which they are decoded.

    Example:
        >>> outputs = by_width([np.zeros((1, 4, 10)), np.zeros((1, 16, 1)), np.zeros((4, 1))])
        >>> {width: [len(rows) for rows in of_width] for width, of_width in outputs.items()}
        {10: [4], 1: [16, 4]}
    """
    found: dict[int, list[np.ndarray]] = {}
    for array in sorted(arrays, key=lambda each: -each.size):
        found.setdefault(array.shape[-1] if array.ndim else 0, []).append(
            array.reshape(-1, array.shape[-1]) if array.ndim and array.shape[-1] else array
        )
    return found


def form_of(outputs: Outputs) -> Form | None:
    """The form with outputs of these widths, or ``None``."""
    widths = {width: len(arrays) for width, arrays in outputs.items()}
    return next((form for known, form in _BY_WIDTHS if known == widths), None)

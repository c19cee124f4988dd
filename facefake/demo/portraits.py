"""The people of the demo: portraits that the project's dependencies ship, and new "takes" of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.faces import FaceDetector, load_face_detector

# The stills are scanned such that all faces have this distance between the eyes, in pixels.
INTER_EYE = 90.0
_MIRRORED = [1, 0, 2, 4, 3]  # eyes and mouth corners change places in a mirror


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A still of one person with the five points of the face.

    Attributes:
        name: Who it is.
        rgb: The picture, (h, w, 3) uint8.
        landmarks: (5, 2) float64 x, y in pixels: image-left eye, image-right eye, nose, image-left mouth corner,
            image-right mouth corner.
    """

    name: str
    rgb: np.ndarray
    landmarks: np.ndarray

    @property
    def inter_eye(self) -> float:
        """Distance between the eyes in pixels."""
        return float(np.linalg.norm(self.landmarks[1] - self.landmarks[0]))


def _stills() -> dict[str, np.ndarray]:
    """Name -> (h, w, 3) uint8. Both are works of the US government (NASA, US Navy) and in the public domain."""
    import matplotlib.cbook
    import skimage.data
    from PIL import Image

    with Image.open(str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))) as picture:
        hopper = np.asarray(picture.convert("RGB"))
    return {"eileen-collins": skimage.data.astronaut(), "grace-hopper": hopper}


def load_portraits(face_detector: FaceDetector | None = None) -> list[Portrait]:
    """The portraits with the landmarks a real face detector finds in them.

    Args:
        face_detector: The face detector; ``None`` takes the project's default (MTCNN) on the CPU.

    Returns:
        The portraits, scaled to ``INTER_EYE`` pixels between the eyes.

    Raises:
        FacefakeError: ``internal`` if a portrait has no face, which means that the face detector is broken.
    """
    detector = face_detector or load_face_detector()
    portraits = []
    for name, still in _stills().items():
        faces = detector.detect(still[None])[0]
        if not faces:
            raise FacefakeError(
                "internal", f"the face detector finds no face in the portrait {name}", "Check the installation."
            )
        face = max(faces, key=lambda face: face.confidence)
        found = Portrait(name, still, np.asarray(face.landmarks, np.float64))
        scale = INTER_EYE / found.inter_eye
        portraits.append(_scaled(found, scale, scale))
    return portraits


def _scaled(portrait: Portrait, fx: float, fy: float) -> Portrait:
    height, width = portrait.rgb.shape[:2]
    size = (round(width * fx), round(height * fy))
    rgb = cv2.resize(portrait.rgb, size, interpolation=cv2.INTER_CUBIC)
    # pixel centres: x lies at (x + 1/2) * factor - 1/2 in the scaled picture
    landmarks = (portrait.landmarks + 0.5) * np.array(size) / np.array([width, height]) - 0.5
    return Portrait(portrait.name, rgb, landmarks)


def retake(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    """The same person photographed anew: mirrored or not, other proportions, exposure, colours and focus.

    A real clip and the fake made from it show the same take, so nothing drawn here tells one from the other.
    """
    rgb, landmarks = portrait.rgb, portrait.landmarks
    if rng.random() < 0.5:
        rgb = np.ascontiguousarray(rgb[:, ::-1])
        landmarks = (np.array([rgb.shape[1] - 1, 0]) + landmarks * np.array([-1, 1]))[_MIRRORED]
    other = _scaled(Portrait(portrait.name, rgb, landmarks), rng.uniform(0.95, 1.05), 1.0)
    focused = cv2.GaussianBlur(other.rgb, (0, 0), rng.uniform(0.5, 1.4))
    return Portrait(portrait.name, _grade(focused, rng), other.landmarks)


def _grade(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """White balance, gamma, contrast and saturation of another camera."""
    gain, gamma = rng.uniform(0.93, 1.07, 3), rng.uniform(0.8, 1.25)
    levels = np.arange(256)[:, None] / 255.0
    curve = 255.0 * np.clip(levels**gamma * gain * rng.uniform(0.88, 1.05), 0, 1)
    graded = cv2.LUT(rgb, curve[None].round().astype(np.uint8))
    grey = graded @ np.array([0.299, 0.587, 0.114], np.float32)
    saturation = np.float32(rng.uniform(0.75, 1.2))
    mixed = grey[..., None] + saturation * (graded.astype(np.float32) - grey[..., None])
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

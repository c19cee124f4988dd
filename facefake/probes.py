"""Pictures on which two detectors that should answer alike are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from preprocessing.datasets.media import find_media, is_image
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.views import views
from preprocessing.whole import read_picture

GENERATED = 12
MOST = 64  # of a folder: a picture takes a large backbone a second on a CPU, twice


def generated_pictures(side: int) -> list[NDArray[np.uint8]]:
    """Twelve pictures, always the same: noise from coarse to fine over shades that run from one side to the other.

    Args:
        side: Their side in pixels.

    Returns:
        uint8 RGB (side, side, 3) each.
    """
    rng = np.random.default_rng(0)
    down, across = np.mgrid[0:side, 0:side] / side
    pictures = []
    for number in range(GENERATED):
        cells = min(side, 2 ** (1 + number % 6))
        places = np.arange(side) * cells // side
        noise = rng.uniform(-96, 96, (cells, cells, 3))[places][:, places]
        angle = 2 * np.pi * number / GENERATED
        shades = 128 + 120 * (np.cos(angle) * (across - 0.5) + np.sin(angle) * (down - 0.5))
        pictures.append((shades[..., None] + noise).clip(0, 255).astype(np.uint8))
    return pictures


def pictures_of(folder: Path, geometry: CropGeometry) -> list[NDArray[np.uint8]]:
    """Pictures of a folder as a detector looks at them, evenly chosen if there are more than :data:`MOST`.

    Args:
        folder: Crops as the detector's geometry cuts them, or whole pictures if it judges those; searched whole.
        geometry: The detector's.

    Raises:
        FacefakeError: ``no_videos`` for a folder without a picture, ``not_found``; what reading one raises.
    """
    if not folder.is_dir():
        raise FacefakeError("not_found", f"there is no folder {folder}", "Check --crops.")
    files = [path for path in find_media(folder).files if is_image(path)]
    if not files:
        raise FacefakeError("no_videos", f"{folder} holds no picture", "Name a folder of crops.")
    chosen = np.unique(np.linspace(0, len(files) - 1, min(MOST, len(files))).round().astype(int))
    pictures = [read_picture(files[number]) for number in chosen]
    return [view for rgb in pictures for _, view in views(rgb, geometry)] if geometry.whole else pictures

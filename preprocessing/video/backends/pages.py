"""Reading the pages of a file, pictures that stand for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from preprocessing.errors import FacefakeError
from preprocessing.video.safe import check_pixels
from preprocessing.video.still import DAMAGE, ORIENTATION, open_still, upright
from preprocessing.video.types import Limits


class Pages:
    """The pages of a TIFF or the top-level pictures of an HEIF file.

    Args:
        path: The file.
        container: Of its stills.
        places: Which of the pictures that Pillow counts.
        limits: Its ``still_pixels`` bounds every page.
    """

    def __init__(self, path: Path, container: str, places: Sequence[int], limits: Limits) -> None:
        self._path, self._container, self._places, self._limits = path, container, places, limits
        self._image: Image.Image | None = None
        self.orientation = 1

    def picture(self, number: int) -> np.ndarray | str:
        """A page, upright uint8 RGB (h, w, 3), or why there is none."""
        try:
            return self._read(number)
        except FacefakeError as error:
            self.close()
            return error.message
        except DAMAGE as error:
            self.close()
            return f"decoding failed: {error}"

    def close(self) -> None:
        """Let go of the file."""
        if self._image is not None:
            self._image.close()
            self._image = None

    def _read(self, number: int) -> np.ndarray:
        if self._image is None:
            self._image = open_still(self._path, self._path.name, self._container, self._limits)
        self._image.seek(self._places[number])
        check_pixels(self._path.name, *self._image.size, self._limits.still_pixels)
        if number == 0:
            self.orientation = self._image.getexif().get(ORIENTATION, 1)
        rgb = upright(self._image)
        if self._container == "heif":  # it would keep the pixels of every page it has given
            self.close()
        return rgb

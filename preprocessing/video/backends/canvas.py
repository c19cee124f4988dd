"""Painting the frames of an animation.

Each frame is decoded as a picture file of its own and painted here, as its format has it: Pillow's own readers of
animations differ in this from browsers, and cannot go on behind a damaged frame.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from PIL import Image

from preprocessing.errors import FacefakeError
from preprocessing.video.series.layers import Animation, Box, Layer
from preprocessing.video.still import DAMAGE, ORIENTATION, open_still, to_rgb, upright
from preprocessing.video.types import Limits

_EMPTY = (0, 0, 0, 0)
_STALE = "a damaged frame before it shows through"


class Canvas:
    """The frames of an animation, each painted over those since the last keyframe.

    Where nothing was painted yet, or what was there was cleared, the canvas is transparent. As of stills, the alpha
    channel is dropped at the end: such places are black.

    Args:
        name: What messages call the file.
        file: The open file, which :meth:`close` closes.
        container: Of its stills.
        animation: Gone through.
        layers: Its layers.
        limits: Its ``pixels`` bounds every layer.
    """

    def __init__(
        self, name: str, file: BinaryIO, container: str, animation: Animation, layers: Sequence[Layer], limits: Limits
    ) -> None:
        self._name, self._file, self._container = name, file, container
        self._animation, self._layers = animation, layers
        self._limits = replace(limits, still_pixels=limits.pixels)
        self._all: Box = (0, 0, *animation.size)
        self.orientation = _orientation(animation.exif)
        self.keyframes = [number for number in range(len(layers)) if self._begins_anew(number)]
        self._clear(0)

    def picture(self, number: int) -> np.ndarray | str:
        """A frame, upright uint8 RGB (h, w, 3), or why there is none."""
        keyframe = max(key for key in self.keyframes if key <= number)
        if not keyframe <= self._painted <= number:
            self._clear(keyframe)
        while self._painted < number:
            self._paint(self._painted + 1)
        if self._failure or self._stale:
            return self._failure or _STALE
        return upright(self._canvas)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _begins_anew(self, number: int) -> bool:
        """Whether nothing of the frames before is seen in this one."""
        layer, before = self._layers[number], self._layers[max(0, number - 1)]
        replaced = not layer.over and _within(self._all, layer.box)
        return number == 0 or replaced or (before.disposal == "clear" and _within(self._all, before.box))

    def _clear(self, following: int) -> None:
        """An empty canvas, ready for the layer ``following``."""
        self._canvas = Image.new("RGBA", self._all[2:])
        self._canvas.getexif()[ORIENTATION] = self.orientation
        self._painted = following - 1
        self._below: Image.Image | None = None  # what comes back under a layer that is taken away
        self._failure: str | None = None  # why the last layer could not be painted
        self._stale: Box | None = None  # where an earlier one could not, and nothing has covered it since

    def _paint(self, number: int) -> None:
        if number and self._below:
            self._put_back(self._layers[number - 1], self._below)
        layer = self._layers[number]
        box = _common(layer.box, self._all)
        self._below = self._what_comes_back(layer, box)
        self._failure = None
        try:
            patch = self._decode(layer).crop(
                (*np.subtract(box[:2], layer.box[:2]), *np.subtract(box[2:], layer.box[:2]))
            )
        except FacefakeError as error:
            self._failure = error.message
        except DAMAGE as error:
            self._failure = f"decoding failed: {error}"
        else:
            if layer.over:
                self._canvas.alpha_composite(patch, box[:2])
            else:
                self._canvas.paste(patch, box)
            if self._stale and self._covers(layer, patch, self._stale):
                self._stale = None
        self._painted = number
        if self._failure and layer.disposal == "keep":
            self._stale = _around(self._stale, box) if self._stale else box

    def _covers(self, layer: Layer, patch: Image.Image, place: Box) -> bool:
        """Whether nothing of a place on the canvas will be seen again below this layer."""
        stays = layer.disposal != "restore" and _within(place, _common(layer.box, self._all))
        return stays and not (layer.over and _lets_through(patch))

    def _put_back(self, layer: Layer, below: Image.Image) -> None:
        """Take the last layer away again."""
        box = _common(layer.box, self._all)
        self._canvas.paste(below, box)
        if layer.disposal == "clear" and self._stale and _within(self._stale, box):
            self._stale = None

    def _what_comes_back(self, layer: Layer, box: Box) -> Image.Image | None:
        if layer.disposal == "keep":
            return None
        size = (box[2] - box[0], box[3] - box[1])
        return Image.new("RGBA", size, _EMPTY) if layer.disposal == "clear" else self._canvas.crop(box)

    def _decode(self, layer: Layer) -> Image.Image:
        data = io.BytesIO(self._animation.as_still(layer))
        with open_still(data, self._name, self._container, self._limits) as image:
            if image.size != (layer.box[2] - layer.box[0], layer.box[3] - layer.box[1]):
                raise ValueError("the frame has another size than it says")
            # what has no alpha channel here is in 16 bits
            return (to_rgb(image) if image.mode.startswith("I") else image).convert("RGBA")


def _orientation(exif: bytes) -> int:
    found = Image.Exif()
    try:
        found.load(exif)
        return int(found.get(ORIENTATION, 1))
    except DAMAGE:
        return 1


def _inside(box: Box, corner: tuple[int, int]) -> Box:
    """A box counted from a corner other than that of the canvas."""
    left, top = corner
    return box[0] - left, box[1] - top, box[2] - left, box[3] - top


def _lets_through(patch: Image.Image) -> bool:
    """Whether any of its pixels is not opaque."""
    return bool(np.asarray(patch)[..., 3].min(initial=255) < 255)


def _within(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _common(first: Box, second: Box) -> Box:
    """What two boxes share; empty at the edge of the second where they are apart."""
    left, top = min(max(first[0], second[0]), second[2]), min(max(first[1], second[1]), second[3])
    return left, top, max(left, min(first[2], second[2])), max(top, min(first[3], second[3]))


def _around(first: Box, second: Box) -> Box:
    return min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]), max(first[3], second[3])

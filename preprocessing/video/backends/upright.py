"""From a decoded frame to the picture that a viewer sees: SDR, of square pixels, upright, in RGB."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.video import hdr
from preprocessing.video.orientation import Orientation
from preprocessing.video.safe import check_pixels

# Encoders that scale leave ratios such as 1280:1281, which no one can see; the smallest in use is 16:15. Ratios beyond
# 4:1 are not in use: such a header is damaged.
_LEAST, _MOST = Fraction(103, 100), Fraction(4)


class Display(NamedTuple):
    """How a decoded frame is to be shown.

    Attributes:
        aspect: Width of a pixel by its height.
        transfer: Transfer characteristics of ITU-T H.273.
        primaries: Colour primaries of H.273.
        orientation: What turns it upright.
    """

    aspect: Fraction
    transfer: int
    primaries: int
    orientation: Orientation = Orientation()

    @classmethod
    def of_packet(cls, context: av.video.codeccontext.VideoCodecContext) -> Display:
        """What the decoder says of the packet that it was given last, and PyAV does not tell of each frame."""
        return cls(context.sample_aspect_ratio or Fraction(1), context.color_trc, context.color_primaries)

    def notes(self, width: int, height: int) -> list[str]:
        """What :class:`Upright` does to a frame of that size that it does not do to an ordinary one, in sentences."""
        notes = []
        if self.squared(width, height) != (width, height):
            ratio = f"{self.aspect.numerator}:{self.aspect.denominator}"
            notes.append(f"Pixels that are not square ({ratio}) were made square.")
        if self.transfer in hdr.NAMES:
            notes.append(hdr.note(self.transfer))
        if self.orientation.mirrored:
            notes.append("Frames that are stored mirrored were mirrored back.")
        return notes

    def squared(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of a stored frame in square pixels: no side is made shorter."""
        if not _LEAST <= max(self.aspect, 1 / self.aspect) <= _MOST:
            return width, height
        return (round(width * self.aspect), height) if self.aspect > 1 else (width, round(height / self.aspect))


class Upright:
    """Makes the pictures of one clip.

    Args:
        name: Of the file, for messages.
        pixels: The most that a picture may have.
    """

    def __init__(self, name: str, pixels: int) -> None:
        self._name = name
        self._pixels = pixels
        self._scaler = av.video.reformatter.VideoReformatter()

    def shape(self, frame: av.VideoFrame, display: Display) -> tuple[int, int]:
        """Height and width of the picture.

        Raises:
            FacefakeError: ``too_large``.
        """
        width, height = display.squared(frame.width, frame.height)
        check_pixels(self._name, width, height, self._pixels)
        return (width, height) if display.orientation.lying else (height, width)

    def picture(self, frame: av.VideoFrame, display: Display) -> np.ndarray | str:
        """``(h, w, 3)`` uint8 RGB, or why there is none."""
        width, height = display.squared(frame.width, frame.height)
        is_hdr = display.transfer in hdr.NAMES
        try:
            check_pixels(self._name, width, height, self._pixels)
            layout = "rgb48le" if is_hdr else "rgb24"
            rgb = self._scaler.reformat(frame, width=width, height=height, format=layout).to_ndarray()
        except FacefakeError as error:
            return error.message
        except av.error.FFmpegError as error:  # damaged headers announce colour spaces that do not exist
            return f"conversion to RGB failed: {error.strerror}"
        if is_hdr:
            rgb = hdr.to_sdr(rgb, display.transfer, display.primaries)
        return display.orientation.upright(rgb)


def orientation_of(frame: av.VideoFrame) -> Orientation | None:
    """By the display matrix of the container or of the frame itself, if there is one."""
    try:
        matrices = [data for data in frame.side_data if data.type.name == "DISPLAYMATRIX"]
    except ValueError:  # other side data is of a kind that is newer than PyAV, which then lists none at all
        return Orientation(turns=-round(frame.rotation / 90) % 4)  # it tells the counterclockwise angle apart
    return Orientation.of_matrix(struct.unpack("=9i", bytes(matrices[0]))) if matrices else None

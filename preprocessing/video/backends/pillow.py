"""Decoding with Pillow: animations, frame by frame, and pages."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import PIL

from preprocessing.errors import FacefakeError
from preprocessing.video.backends.canvas import Canvas
from preprocessing.video.backends.pages import Pages
from preprocessing.video.index import Listing
from preprocessing.video.safe import check_frames, check_pixels, check_seconds
from preprocessing.video.series import ANIMATIONS, PAGES, STILL
from preprocessing.video.series.layers import Animation, Layer
from preprocessing.video.still import DAMAGE, TURNS, unreadable
from preprocessing.video.types import Limits

MOST_WORK = 2**33  # pixels of all frames of an animation together: minutes of decoding
MOST_PAGES = 10_000  # Pillow takes the longer for a page the more stand before it


class PillowBackend:
    """Frames of an animation or pages of a document; see :class:`preprocessing.video.backends.base.Backend`.

    Args:
        name: What messages call the file.
        source: Where frames come from, by their number.
        frames: How many there are.

    Raises:
        FacefakeError: ``nothing_decoded`` if not one of them can be decoded.
    """

    def __init__(self, name: str, source: Canvas | Pages, frames: int) -> None:
        self.name = f"pillow {PIL.__version__}"
        self.notes: dict[str, None] = {}
        self._source = source
        reason = ""
        for number in range(frames):
            first = source.picture(number)
            if isinstance(first, np.ndarray):
                break
            reason = reason or first
        else:
            source.close()
            raise FacefakeError(
                "nothing_decoded", f"{name}: not one frame could be decoded ({reason})", "Get it again."
            )
        self.shape: tuple[int, int] = first.shape[:2]
        self.rotation = TURNS.get(source.orientation, 0)

    def pictures(self, indices: Sequence[int], batch: int) -> Iterator[tuple[int, np.ndarray | str]]:
        """See :class:`~preprocessing.video.backends.base.Backend`; one picture is held at a time."""
        for index in indices:
            yield index, self._source.picture(index)

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()


def open_series(path: Path, container: str, limits: Limits) -> tuple[Listing, PillowBackend]:
    """Index a file of several pictures and make ready to decode them.

    Args:
        path: A checked file.
        container: One of :data:`~preprocessing.video.series.ANIMATIONS` or :data:`~preprocessing.video.series.PAGES`.
        limits: What it may cost.

    Raises:
        FacefakeError: ``too_large``, ``unreadable`` or ``nothing_decoded``.
    """
    index, source = (_animation if container in ANIMATIONS else _pages)(path, container, limits)
    return index, PillowBackend(path.name, source, len(index.times))


def _animation(path: Path, container: str, limits: Limits) -> tuple[Listing, Canvas]:
    file = open(path, "rb")  # noqa: SIM115 - the canvas closes it
    try:
        animation = ANIMATIONS[container](file)
        check_pixels(path.name, *animation.size, limits.pixels)
        layers = _affordable(path.name, animation.layers(), limits)
        ends = np.cumsum([layer.seconds for layer in layers])
        duration = float(ends[-1])
        check_seconds(path.name, duration, limits.seconds)
        canvas = Canvas(path.name, file, STILL[container], animation, layers, limits)
    except DAMAGE as error:
        file.close()
        raise unreadable(path.name, error) from error
    except FacefakeError:
        file.close()
        raise
    index = Listing(
        container=container,
        codec=STILL[container],
        fps=len(layers) / duration,
        frames_reported=animation.promised,
        duration=duration,
        times=np.concatenate([[0.0], ends[:-1]]),
        keyframes=np.array(canvas.keyframes, dtype=np.int64),
        notes=() if animation.left_out is None else (animation.left_out,),
        cut_short=_cut_short(animation, len(layers)),
    )
    return index, canvas


def _affordable(name: str, found: Iterator[Layer], limits: Limits) -> list[Layer]:
    """All layers up to where the file breaks off.

    Raises:
        FacefakeError: ``too_large`` for too many, or too many pixels in all.
    """
    layers: list[Layer] = []
    work = 0
    try:
        for layer in found:
            layers.append(layer)
            check_frames(name, len(layers), limits.frames)
            left, top, right, bottom = layer.box
            work += min((right - left) * (bottom - top), limits.pixels)
            if work > MOST_WORK:
                raise FacefakeError(
                    "too_large",
                    f"{name} has more than {MOST_WORK} pixels in all its frames",
                    "Cut it, or scale it down.",
                )
    except struct.error:
        pass  # within a header: what came before is there
    return layers


def _cut_short(animation: Animation, frames: int) -> str | None:
    """What is missing, in words, where the header counts the frames or the file breaks off within one."""
    if animation.promised is not None:
        missing = animation.promised - frames
        return f"the file says it has {animation.promised} frames and holds {frames}" if missing > 0 else None
    return None if animation.ended else f"the file breaks off after frame {frames}"


def _pages(path: Path, container: str, limits: Limits) -> tuple[Listing, Pages]:
    with open(path, "rb") as file:
        places = _whole_pages(file, container, min(limits.frames, MOST_PAGES))
    if len(places) > MOST_PAGES:
        raise FacefakeError("too_large", f"{path.name} has more than {MOST_PAGES} pages", "Take some of them out.")
    check_frames(path.name, len(places), limits.frames)
    index = Listing(
        container=container,
        codec=STILL[container],
        fps=None,
        frames_reported=None,
        duration=None,
        times=np.arange(len(places), dtype=np.float64),
        keyframes=np.arange(len(places)),
        notes=("Its pictures have no times: each is counted as one second.",),
    )
    return index, Pages(path, STILL[container], places, limits)


def _whole_pages(file: BinaryIO, container: str, most: int) -> list[int]:
    """Places of the pages up to where the file breaks off, one more than ``most`` at most."""
    places: list[int] = []
    with suppress(struct.error):  # what came before is there
        places.extend(islice(PAGES[container](file), most + 1))
    return places

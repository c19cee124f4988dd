"""Clips that are released as face crops: pictures in, the same form out as of a video, without detecting anything.

One person a clip, the face the whole picture. What the release does not tell stays unknown: landmarks, the confidence
of whoever found the face, and when a frame was shown. What can be measured is.
"""

from __future__ import annotations

from itertools import islice

import numpy as np

from preprocessing.clip import Clip
from preprocessing.clip_faces import SPREAD_PATIENCE, WHOLE_SHARE, ClipFaces, FaceCrop, require_size, shortfall
from preprocessing.errors import FacefakeError
from preprocessing.faces import ReleasedFace, measure
from preprocessing.pictures import Pictures, numbers, open_pictures
from preprocessing.recipe import Recipe
from preprocessing.video import Limits, VideoInfo, decode_still

CONTAINER = "crops"
"""What :class:`preprocessing.video.VideoInfo` names as the container of a folder of crops."""


def read_released(clip: Clip, recipe: Recipe, limits: Limits | None = None) -> ClipFaces:
    """The crops of a clip that is released as crops.

    A crop that cannot be read is named in ``failed`` with the reason; the sampling rule ``spread`` takes another.

    Args:
        clip: Its ``path`` is a folder of pictures, one picture, or with ``member`` a tarball.
        recipe: Of :meth:`preprocessing.recipe.Recipe.of_release`.
        limits: Bounds on the pixels of one crop.

    Raises:
        FacefakeError: ``not_found`` or ``crops_invalid``; not one crop that can be read is ``crops_invalid`` too.
    """
    limits = limits or Limits()
    with open_pictures(clip.path, clip.member) as pictures:
        frames = numbers(pictures.names)
        read, failed = _sampled(pictures, recipe, limits)
    if not read:
        raise FacefakeError(
            "crops_invalid",
            f"not one of the {len(failed)} crops of {clip.key} that were tried can be read: "
            f"{next(iter(failed.values()))}.",
            "Get them again from the release.",
        )
    asked, count = len(read) + len(failed), len(frames)
    first = read[min(read)][0]
    info = VideoInfo(
        first.container if clip.path.is_file() and clip.member is None else CONTAINER,
        first.codec,
        first.width,
        first.height,
        None,
        count,
        None,
        0,
    )
    reason = _lacking(clip) or shortfall(info, asked, len(read))
    return ClipFaces(
        info=info,
        decoder="pillow",
        outcome="decode_shortfall" if reason else "ok",
        reason=reason,
        requested=asked,
        decoded=len(read),
        with_face=len(read),
        failed={frames[place]: failed[place] for place in sorted(failed)},
        faces=[_face(frames[place], read[place][1]) for place in sorted(read)],
    )


def _lacking(clip: Clip) -> str | None:
    """What is not there of the frames the release lists, in words; ``None`` if nothing to speak of."""
    listed = clip.frames_listed or 0
    there = listed - clip.frames_absent
    return f"the release lists {listed} frames and {there} of them are there" if there < WHOLE_SHARE * listed else None


def _sampled(
    pictures: Pictures, recipe: Recipe, limits: Limits
) -> tuple[dict[int, tuple[VideoInfo, np.ndarray]], dict[int, str]]:
    """By their places: the crops that could be read, and the reasons of those that could not."""
    target = recipe.sampling.target
    assert target is not None  # checked when the recipe was made
    order = islice(recipe.sampling.order(range(len(pictures.names)), []), SPREAD_PATIENCE * target)
    read: dict[int, tuple[VideoInfo, np.ndarray]] = {}
    failed: dict[int, str] = {}
    # in ascending order, for a compressed tarball is read from its start again to go back
    while chunk := sorted(islice(order, target - len(read))):
        for place in chunk:
            name = pictures.names[place]
            try:
                info, image = decode_still(pictures.read(name), name, limits)
                require_size(info.width, info.height, name)
            except FacefakeError as error:
                failed[place] = error.message
            else:
                read[place] = (info, image)
    return read, failed


def _face(frame: int, image: np.ndarray) -> FaceCrop:
    height, width = image.shape[:2]
    face = ReleasedFace(np.array([0, 0, width - 1, height - 1], np.float32))
    return FaceCrop(frame, None, 0, face, measure(image, face), True, image)

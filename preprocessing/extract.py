"""One clip in, its people's aligned faces or its pictures whole out: the stage every pool, shell loop and cluster maps.

:func:`extract_clip` is a pure function of (clip, recipe). It runs in a child process that can be killed
(:mod:`preprocessing.workers`), because decoders here can crash or hang in native code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from preprocessing.clip import Clip
from preprocessing.clip_faces import ClipFaces, FaceCrop
from preprocessing.faces import (
    CropGeometry,
    Face,
    FaceDetector,
    TrackFrame,
    align,
    appearance,
    labelled_face,
    link,
    load_face_detector,
    main_faces,
    measure,
    signature,
)
from preprocessing.frames import is_still, sample
from preprocessing.recipe import Recipe
from preprocessing.released import read_released
from preprocessing.video import FrameBatch, Limits, VideoReader, open_video
from preprocessing.whole import read_whole


@dataclass(frozen=True, slots=True)
class _Seen:
    """Faces of one decoded frame and their crops; the frame itself is not kept.

    ``size`` is width and height of the frame. ``marked`` is the place of the face under the manipulation mask, ``None``
    if there is none; ``has_mask`` says whether there was a mask to ask.
    """

    index: int
    track_frame: TrackFrame
    size: tuple[int, int]
    crops: list[np.ndarray]
    has_mask: bool
    marked: int | None


@lru_cache(maxsize=1)
def _face_detector(name: str, file: Path | None, device: str) -> FaceDetector:
    return load_face_detector(name, file, device=device)


def _look(
    reader: VideoReader | None, detector: FaceDetector, geometry: CropGeometry, batch: FrameBatch
) -> Iterator[_Seen]:
    masks = _masks(reader, batch.index)
    for rgb, index, time, found in zip(batch.rgb, batch.index, batch.time, detector.detect(batch.rgb), strict=True):
        faces, crops = _aligned(rgb, found, geometry)
        mask = masks.get(int(index))
        yield _Seen(
            index=int(index),
            track_frame=TrackFrame(float(time), faces, signature(rgb), [appearance(rgb, face) for face in faces]),
            crops=crops,
            has_mask=mask is not None,
            size=(rgb.shape[1], rgb.shape[0]),
            marked=None if mask is None else labelled_face(faces, mask, (rgb.shape[1], rgb.shape[0])),
        )


def _aligned(rgb: np.ndarray, found: list[Face], geometry: CropGeometry) -> tuple[list[Face], list[np.ndarray]]:
    """The faces that can be cut out, with their crops; landmarks in a heap are no face's and are left out."""
    faces, crops = [], []
    for face in found:
        try:
            crops.append(align(rgb, face.landmarks, geometry))
        except ValueError:
            continue
        faces.append(face)
    return faces, crops


def _open_mask(clip: Clip, limits: Limits) -> AbstractContextManager[VideoReader | None]:
    """The mask video of a clip that has one; a still picture has not."""
    return nullcontext() if clip.mask is None or is_still(clip, limits) else open_video(clip.mask, limits=limits)


def _masks(reader: VideoReader | None, indices: np.ndarray) -> dict[int, np.ndarray]:
    """Mask pictures of the given frames; a mask video has one frame of mask for each frame of video."""
    if reader is None:
        return {}
    present = [int(index) for index in indices if index < len(reader.times)]
    return {
        int(index): rgb for batch in reader.read(present) for index, rgb in zip(batch.index, batch.rgb, strict=True)
    }


def _at_size(frame: _Seen, size: tuple[int, int]) -> TrackFrame:
    """A frame with its faces where they would be in one of that width and height: frame sizes may change midway.

    Frames are put centre on centre and scaled to one area, whatever their shapes: faces keep their size in a phone that
    is turned while it films.
    """
    if frame.size == size:
        return frame.track_frame
    own, other = np.array(frame.size, np.float32), np.array(size, np.float32)
    scale = np.sqrt(other.prod() / own.prod())

    def moved(points: np.ndarray) -> np.ndarray:
        return ((points.reshape(-1, 2) - own / 2) * scale + other / 2).reshape(points.shape)

    faces = [replace(face, box=moved(face.box), landmarks=moved(face.landmarks)) for face in frame.track_frame.faces]
    return replace(frame.track_frame, faces=faces)


def _faces(seen: list[_Seen]) -> list[FaceCrop]:
    comparable = [_at_size(frame, seen[0].size) for frame in seen]
    tracks = link(comparable)
    shown_most = main_faces([frame.faces for frame in comparable], tracks)
    crops = []
    for frame, ids, unmasked in zip(seen, tracks, shown_most, strict=True):
        main = frame.marked if frame.has_mask else unmasked
        for place in sorted(range(len(ids)), key=ids.__getitem__):
            face, image = frame.track_frame.faces[place], frame.crops[place]
            crops.append(
                FaceCrop(
                    frame=frame.index,
                    time=frame.track_frame.time,
                    track=ids[place],
                    face=face,
                    quality=measure(image, face),
                    main=place == main,
                    image=image,
                )
            )
    return crops


def extract_clip(clip: Clip, recipe: Recipe, device: str = "auto", limits: Limits | None = None) -> ClipFaces:
    """Decode, detect, track and align one clip.

    Args:
        clip: The clip; its mask video, if any, chooses the labelled face.
        recipe: What frames and what crop; one of crops as released has the clip's pictures read as they are, one of
            whole pictures looks for no faces.
        device: Where the face detector runs.
        limits: Bounds on bytes, pixels, frames and seconds.

    Raises:
        FacefakeError: Any of the codes under "input files" of :data:`preprocessing.errors.CODES`.
    """
    limits = limits or Limits()
    if recipe.released:
        return read_released(clip, recipe, limits)
    if recipe.whole:
        return read_whole(clip, recipe, limits)
    detector = _face_detector(recipe.face_detector, recipe.face_detector_file, device)
    with _open_mask(clip, limits) as masks:
        sampled = sample(clip, recipe, limits, partial(_look, masks, detector, recipe.geometry))
    return sampled.with_faces(_faces(sampled.seen))

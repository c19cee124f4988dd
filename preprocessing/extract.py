"""One clip in, its people's aligned faces out: the stage every pool, shell loop and cluster maps.

:func:`extract_clip` is a pure function of (clip, recipe). It runs in a child process that can be killed
(:mod:`preprocessing.workers`), because decoders here can crash or hang in native code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

from preprocessing.clip import Clip
from preprocessing.clip_faces import SPREAD_PATIENCE, ClipFaces, FaceCrop, require_size, shortfall
from preprocessing.corruptions.reader import CorruptedReader, corrupt_still, open_corrupted
from preprocessing.errors import FacefakeError
from preprocessing.faces import (
    Face,
    FaceDetector,
    TrackFrame,
    align,
    labelled_face,
    link,
    load_face_detector,
    main_faces,
    measure,
    signature,
)
from preprocessing.recipe import Recipe
from preprocessing.released import read_released
from preprocessing.video import PICTURES, FrameBatch, Limits, VideoInfo, VideoReader, check_file, open_video, read_still

MAX_SAMPLED = 2048  # frames; `fps` and `keyframes` on a long clip are thinned evenly to this


@dataclass(frozen=True, slots=True)
class _Seen:
    """Faces of one decoded frame and their crops; the frame itself is not kept.

    ``marked`` is the place of the face under the manipulation mask, ``None`` if there is none; ``has_mask`` says
    whether there was a mask to ask.
    """

    index: int
    track_frame: TrackFrame
    crops: list[np.ndarray]
    has_mask: bool
    marked: int | None


@lru_cache(maxsize=1)
def _face_detector(name: str, device: str) -> FaceDetector:
    return load_face_detector(name, device=device)


def _look(batch: FrameBatch, masks: dict[int, np.ndarray], detector: FaceDetector, recipe: Recipe) -> Iterator[_Seen]:
    for rgb, index, time, found in zip(batch.rgb, batch.index, batch.time, detector.detect(batch.rgb), strict=True):
        faces, crops = _aligned(rgb, found, recipe)
        mask = masks.get(int(index))
        yield _Seen(
            index=int(index),
            track_frame=TrackFrame(float(time), faces, signature(rgb)),
            crops=crops,
            has_mask=mask is not None,
            marked=None if mask is None else labelled_face(faces, mask, (rgb.shape[1], rgb.shape[0])),
        )


def _aligned(rgb: np.ndarray, found: list[Face], recipe: Recipe) -> tuple[list[Face], list[np.ndarray]]:
    """The faces that can be cut out, with their crops; landmarks in a heap are no face's and are left out."""
    faces, crops = [], []
    for face in found:
        try:
            crops.append(align(rgb, face.landmarks, recipe.geometry))
        except ValueError:
            continue
        faces.append(face)
    return faces, crops


def _masks(reader: VideoReader | None, indices: np.ndarray) -> dict[int, np.ndarray]:
    """Mask pictures of the given frames; a mask video has one frame of mask for each frame of video."""
    if reader is None:
        return {}
    present = [int(index) for index in indices if index < len(reader.times)]
    return {
        int(index): rgb for batch in reader.read(present) for index, rgb in zip(batch.index, batch.rgb, strict=True)
    }


def _thinned(order: Iterator[int], limit: int) -> Iterator[int]:
    indices = list(order)
    if len(indices) <= limit:
        return iter(indices)
    return iter(indices[position] for position in np.linspace(0, len(indices) - 1, limit).round().astype(int))


def _sample(
    reader: VideoReader | CorruptedReader, masks: VideoReader | None, recipe: Recipe, detector: FaceDetector
) -> tuple[list[_Seen], int]:
    """Look at frames until the sampling rule is satisfied; returns what was seen and how many were asked for."""
    target = recipe.sampling.target
    order = recipe.sampling.order(reader.times, reader.keyframes)
    order = _thinned(order, MAX_SAMPLED) if target is None else islice(order, SPREAD_PATIENCE * target)
    seen: list[_Seen] = []
    asked = 0
    while True:
        found = sum(bool(frame.crops) for frame in seen)
        chunk = sorted(islice(order, None if target is None else target - found))
        if not chunk:
            return sorted(seen, key=lambda frame: frame.index), asked
        asked += len(chunk)
        for batch in reader.read(chunk):
            seen.extend(_look(batch, _masks(masks, batch.index), detector, recipe))


def _still(
    clip: Clip, path: Path, limits: Limits, recipe: Recipe, detector: FaceDetector
) -> tuple[VideoInfo, list[_Seen]]:
    info, batch = read_still(path, limits)
    require_size(info, path.name)
    batch = corrupt_still(batch, recipe.corruption, clip.key)
    return info, list(_look(batch, {}, detector, recipe))


def _faces(seen: list[_Seen]) -> list[FaceCrop]:
    tracks = link([frame.track_frame for frame in seen])
    shown_most = main_faces([frame.track_frame.faces for frame in seen], tracks)
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
        recipe: What frames and what crop; one of crops as released has the clip's pictures read as they are.
        device: Where the face detector runs.
        limits: Bounds on bytes, pixels, frames and seconds.

    Raises:
        FacefakeError: Any of the codes under "input files" of :data:`preprocessing.errors.CODES`.
    """
    if recipe.released:
        return read_released(clip, recipe, limits)
    limits = limits or Limits()
    detector = _face_detector(recipe.face_detector, device)
    path, container = check_file(clip.path, limits)
    if container in PICTURES:
        info, seen = _still(clip, path, limits, recipe, detector)
        decoder, present, asked, failed = "pillow", 1, 1, {}
    else:
        with (
            open_corrupted(path, recipe.corruption, clip.key, limits=limits, backend=recipe.decoder) as reader,
            open_video(clip.mask, limits=limits) if clip.mask else nullcontext() as masks,
        ):
            require_size(reader.info, path.name)
            seen, asked = _sample(reader, masks, recipe, detector)
            info, decoder, present, failed = reader.info, reader.backend, len(reader.times), dict(reader.failed)
    if not seen:
        raise FacefakeError(
            "nothing_decoded", f"Not one frame of {path.name} could be decoded.", "The file is damaged; get it again."
        )
    failed.update({frame.index: "no_face" for frame in seen if not frame.crops})
    with_face = sum(bool(frame.crops) for frame in seen)
    outcome, reason = "ok", None
    if not with_face:
        outcome, reason = "no_face", f"no face on any of the {len(seen)} frames looked at"
    elif reason := shortfall(info, present, asked, len(seen)):
        outcome = "decode_shortfall"
    return ClipFaces(
        info=info,
        decoder=decoder,
        outcome=outcome,
        reason=reason,
        requested=asked,
        decoded=len(seen),
        with_face=with_face,
        failed=dict(sorted(failed.items())),
        faces=_faces(seen),
    )

"""What one clip gives, whether its faces were found in a video or came cut out, and what both ways hold it to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from preprocessing.errors import FacefakeError
from preprocessing.faces import Face, Quality, ReleasedFace
from preprocessing.video import VideoInfo

MIN_SIDE = 16  # pixels; a picture smaller than this shows nothing worth scoring, face or other
SPREAD_PATIENCE = 4  # `spread` stops after looking at this many times the frames it wants
WHOLE_SHARE = 0.9  # less than this share of the frames asked for, or of those the header promises, is a shortfall


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """One face on one frame, or one view of a frame that is taken whole.

    Attributes:
        frame: Frame index in presentation order.
        time: Presentation time, seconds from the first frame; ``None`` for crops of a release, which tells no time.
        track: The person, 0, 1, ... in order of appearance; 0 for a picture taken whole.
        face: Box and landmarks in full-frame pixels, or all that is known of a face that was released cut out, or the
            region that was seen of a picture taken whole.
        quality: Size, sharpness and brightness.
        main: Whether this is the face the clip's label speaks of: on its frame, the one with most overlap with the
            manipulation mask or, where there is no mask, the one of the person shown most.
        image: The aligned crop, uint8 RGB (side, side, 3); as released, it need not be square.
    """

    frame: int
    time: float | None
    track: int
    face: Face | ReleasedFace
    quality: Quality
    main: bool
    image: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class ClipFaces:
    """What one clip gave.

    Attributes:
        info: What the container says.
        decoder: Backend and version that decoded it.
        outcome: ``ok``, ``no_face`` or ``decode_shortfall``; clips that fail raise instead.
        reason: The outcome in words, ``None`` for ``ok``.
        requested: Frames asked of the decoder.
        decoded: Frames that came.
        with_face: Frames with at least one face; of frames taken whole, all that came.
        failed: Frame index to reason, for every frame that gave no face.
        faces: Sorted by frame, then track.
    """

    info: VideoInfo
    decoder: str
    outcome: str
    reason: str | None
    requested: int
    decoded: int
    with_face: int
    failed: dict[int, str] = field(default_factory=dict)
    faces: list[FaceCrop] = field(default_factory=list)


def require_size(info: VideoInfo, name: str) -> None:
    """Raise ``too_small`` for a picture that shows nothing worth scoring."""
    if min(info.width, info.height) < MIN_SIDE:
        raise FacefakeError(
            "too_small",
            f"{name} is {info.width}x{info.height} pixels, too small to be judged.",
            f"At least {MIN_SIDE} pixels a side are needed to look at a picture at all.",
        )


def shortfall(info: VideoInfo, present: int, requested: int, decoded: int) -> str | None:
    """What is missing of a clip, in words; ``None`` if nothing to speak of is."""
    if decoded < WHOLE_SHARE * requested:
        return f"{requested - decoded} of {requested} frames asked for could not be decoded"
    if info.frames_reported and present < WHOLE_SHARE * info.frames_reported:
        return f"the file says it has {info.frames_reported} frames and holds {present}"
    return info.cut_short

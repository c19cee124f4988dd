"""Which files of a data set do not open, found out in child processes that can be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError

TIMEOUT = 120.0  # seconds for a clip


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A clip whose file, or whose mask, does not open, and why."""

    clip: Clip
    error: FacefakeError

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"clip": self.clip.key, **self.error.to_dict()}


def unreadable(
    clips: Iterable[Clip],
    *,
    workers: int = 1,
    timeout: float = TIMEOUT,
    on_clip: Callable[[Clip], None] = lambda clip: None,
) -> list[Unreadable]:
    """The clips that cannot be opened, in their order.

    Each video is sniffed, walked through and one frame of it decoded by :mod:`preprocessing.video`, and so is its mask;
    every picture is decoded, whether a file, a row of a Parquet file or one of a clip of released crops. A video that
    opens but is cut short counts, too.

    Args:
        clips: Clips that are there.
        workers: Child processes.
        timeout: Seconds a clip may take before its child is killed.
        on_clip: Called with each clip that was opened or not.
    """
    from preprocessing.workers import map_clips

    found = []
    for clip, outcome in map_clips(_open, clips, workers=workers, timeout=timeout):
        if isinstance(outcome, FacefakeError):
            found.append(Unreadable(clip, outcome))
        on_clip(clip)
    return found


# ---- below runs in the children ----


def _open(clip: Clip) -> None:
    from preprocessing.pictures import ARCHIVES
    from preprocessing.whole import read_picture

    if clip.path.is_dir() or clip.path.name.endswith(ARCHIVES):
        _open_pictures(clip)
    elif clip.member is not None:
        read_picture(clip.path, clip.member)
    else:
        _open_file(clip.path)
    if clip.mask:
        _open_file(clip.mask)


def _open_file(path: Path) -> None:
    from preprocessing.video import PICTURES, check_file, open_video, read_still

    _, container = check_file(path)
    if container in PICTURES:
        read_still(path)
        return
    with open_video(path) as reader:
        cut_short = reader.info.cut_short
    if cut_short:
        raise FacefakeError("unreadable", f"{path.name} is cut short: {cut_short}", "Download or copy it again.")


def _open_pictures(clip: Clip) -> None:
    from preprocessing.pictures import open_pictures
    from preprocessing.video import decode_still

    errors = []
    with open_pictures(clip.path, clip.member) as pictures:
        for name in pictures.names:
            try:
                decode_still(pictures.read(name), name)
            except FacefakeError as error:
                errors.append(error)
    if errors:
        raise FacefakeError(
            errors[0].code,
            f"{len(errors)} of {len(pictures.names)} pictures do not open; the first: {errors[0].message}",
            errors[0].hint,
        )

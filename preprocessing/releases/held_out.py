"""A validation split for data sets that are released without one, held out of what they release for training."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.errors import FacefakeError

SHARE = 0.1  # of the source groups


def with_validation(clips: Sequence[Clip]) -> list[Clip]:
    """The clips, with some of ``train`` as ``val`` unless ``val`` holds real and fake ones already.

    Whole source groups are moved: first those with a clip in ``val``, then a tenth of all and as many more as it takes
    to have both classes. Which is told by a digest of their names, so it is the same on every machine.

    Raises:
        FacefakeError: ``split_empty`` if ``train`` lacks one of the classes, or has too few source groups to leave both
            in it.

    Example:
        >>> from pathlib import Path
        >>> clips = [
        ...     Clip(Path(f"{label}{pair}"), f"{label}{pair}", "toy", "", label, "train", f"p{pair}", "")
        ...     for label in (0, 1)
        ...     for pair in range(20)
        ... ]
        >>> sorted(clip.key for clip in with_validation(clips) if clip.split == "val")
        ['01', '014', '11', '114']
    """
    _check_classes(clips)
    val = [clip for clip in clips if clip.split == "val"]
    labels = {clip.label for clip in val}
    if labels >= {REAL, FAKE}:
        return list(clips)
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.split == "train":
            groups[_group(clip)].append(clip)
    started = {_group(clip) for clip in val}
    moved: set[Clip] = set()
    for count, name in enumerate(sorted(groups, key=lambda name: (name not in started, _digest(name)))):
        if name not in started and count >= SHARE * len(groups) and labels >= {REAL, FAKE}:
            break
        moved.update(groups[name])
        labels.update(clip.label for clip in groups[name])
    held_out = [replace(clip, split="val") if clip in moved else clip for clip in clips]
    if not _labels(held_out, "train") >= {REAL, FAKE}:
        raise FacefakeError(
            "split_empty",
            f"too few for training and validation: of {len(groups)} groups of clips from the same source in 'train', "
            "'val' needs real and fake ones, and those that are left are not of both classes",
            "Bring more real and fake ones, of different sources.",
        )
    return held_out


def _check_classes(clips: Sequence[Clip]) -> None:
    labels = _labels(clips, "train")
    if labels == {REAL, FAKE}:
        return
    there = ", ".join(sorted({clip.split or "none" for clip in clips})) or "none"
    lack = "nothing labelled" if not labels else "only fakes" if labels == {FAKE} else "only reals"
    raise FacefakeError(
        "split_empty",
        f"the split 'train' holds {lack}; there are splits: {there}",
        "Real and fake clips are needed to train: bring more, or choose other methods.",
    )


def _labels(clips: Sequence[Clip], split: str) -> set[int]:
    return {clip.label for clip in clips if clip.split == split and clip.label is not None}


def _group(clip: Clip) -> str:
    return f"{clip.dataset}/{clip.pair or clip.key}"


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()

"""A validation split for data sets that are released without one, held out of what they release for training."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from preprocessing.clip import FAKE, REAL, Clip

SHARE = 0.1  # of the source groups


def with_validation(clips: Sequence[Clip]) -> list[Clip]:
    """The clips, with some of ``train`` as ``val`` unless ``val`` holds real and fake ones already.

    Whole source groups are moved: first those with a clip in ``val``, then a tenth of all and as many more as it takes
    to have both classes. Which is told by a digest of their names, so it is the same on every machine.

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
    return [replace(clip, split="val") if clip in moved else clip for clip in clips]


def _group(clip: Clip) -> str:
    return f"{clip.dataset}/{clip.pair or clip.key}"


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()

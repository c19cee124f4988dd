"""Some of many clips, by a seed: few-shot sets and the points of a data-size curve."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.errors import FacefakeError


def draw(clips: Sequence[Clip], per_class: int, seed: int, *, fewer: bool = False) -> list[int]:
    """Draw so many clips of each class, evenly over the folders they lie in.

    The folders of a class take turns, and within a folder the order is given by a digest of seed and name. So the draw
    is the same on every machine, a smaller one is part of every larger one of the same seed, and folders differ by at
    most one clip until the smallest is empty.

    Args:
        clips: Labelled clips; a clip's folder is that of its key.
        per_class: So many of each class.
        seed: Another seed, another draw.
        fewer: Take all of a class that has fewer.

    Returns:
        Places of the drawn clips, rising.

    Raises:
        FacefakeError: ``config_invalid`` if a class has fewer and that is not allowed.
    """
    chosen: list[int] = []
    for label, word in ((REAL, "real"), (FAKE, "fake")):
        turns = _turns(clips, label, seed)
        if len(turns) < per_class and not fewer:
            raise FacefakeError(
                "config_invalid",
                f"data.per_class asks for {per_class} of each class, and there are only {len(turns)} {word}",
                f"Ask for at most {len(turns)}, or leave data.per_class out for all.",
            )
        chosen += turns[:per_class]
    return sorted(chosen)


def _turns(clips: Sequence[Clip], label: int, seed: int) -> list[int]:
    """Places of a class's clips in the order in which they are drawn."""
    folders: dict[str, list[tuple[bytes, int]]] = defaultdict(list)
    for place, clip in enumerate(clips):
        if clip.label == label:
            name = f"{clip.dataset}/{clip.key}"
            folders[name.rpartition("/")[0]].append((_digest(seed, name), place))
    order = [
        (turn, _digest(seed, folder), place)
        for folder, members in folders.items()
        for turn, (_, place) in enumerate(sorted(members))
    ]
    return [place for _, _, place in sorted(order)]


def _digest(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed} {name}".encode("utf-8", "surrogateescape")).digest()

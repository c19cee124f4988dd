"""A validation split for data sets that are released without one, held out of what they release for training."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.errors import FacefakeError

SHARE = 0.1
"""Of the clips of each class, what is held out."""
LEAST = 2
"""Clips of each class that are held out where a tenth is fewer; of two or three clips, one."""

_Count = tuple[int, int]
"""Real and fake clips."""


def with_validation(clips: Sequence[Clip]) -> list[Clip]:
    """The clips, with some of ``train`` as ``val`` unless ``val`` holds real and fake ones already.

    Whole source groups are moved: first those with a clip in ``val``, then as many as it takes for a tenth of the clips
    of each class, and :data:`LEAST`. More than that is moved only as far as groups are larger, and never more than half
    of a class. Which groups is told by a digest of their names, so it is the same on every machine.

    Raises:
        FacefakeError: ``split_empty`` if ``train`` lacks one of the classes, or its source groups are too few to have
            both classes in ``train`` and in ``val``.

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
    given = _count(clip for clip in clips if clip.split == "val")
    if all(given):
        return list(clips)
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.split == "train":
            groups[_group(clip)].append(clip)
    started = {_group(clip) for clip in clips if clip.split == "val"} & groups.keys()
    moved = _chosen({name: _count(group) for name, group in groups.items()}, started, given)
    return [replace(clip, split="val") if clip.split == "train" and _group(clip) in moved else clip for clip in clips]


def _chosen(groups: Mapping[str, _Count], started: set[str], given: _Count) -> set[str]:
    """The groups to move, ``started`` among them, for a ``val`` that has the clips ``given``.

    Raises:
        FacefakeError: ``split_empty``.
    """
    total = _sum(groups.values())
    order = sorted(groups.keys() - started, key=_digest)
    for by_target in (True, False):  # groups that fit a tenth may leave none that fits the other class
        moved = set(started)
        if by_target:
            _fill(moved, groups, order, given, total)
        _complete(moved, groups, order, given, total)
        taken = _sum(groups[name] for name in moved)
        if all(_plus(given, taken)) and taken[REAL] < total[REAL] and taken[FAKE] < total[FAKE]:
            return moved
    raise _too_few(groups, total)


def _target(total: int) -> int:
    """How many clips of a class to hold out of so many."""
    return min(max(LEAST, ceil(SHARE * total)), total // 2)


def _fill(moved: set[str], groups: Mapping[str, _Count], order: Iterable[str], given: _Count, total: _Count) -> None:
    """Add, in order, each group that brings a class nearer to its target and none beyond."""
    held = _plus(given, _sum(groups[name] for name in moved))
    target = (_target(total[REAL]), _target(total[FAKE]))
    most = _plus(held, target)
    for name in order:
        after = _plus(held, groups[name])
        wanted = any(after[label] > held[label] < target[label] for label in (REAL, FAKE))
        if wanted and after[REAL] <= most[REAL] and after[FAKE] <= most[FAKE]:
            moved.add(name)
            held = after


def _complete(
    moved: set[str], groups: Mapping[str, _Count], order: Iterable[str], given: _Count, total: _Count
) -> None:
    """Add groups until there are :data:`LEAST` of each class, each time the one that takes the smallest share of one.

    A group that would bring what is held out of a class to more than half is never added.
    """
    for label in (REAL, FAKE):
        while True:
            taken = _sum(groups[name] for name in moved)
            if given[label] + taken[label] >= min(LEAST, _target(total[label])):
                break
            shares = {
                name: max((taken[each] + groups[name][each]) / total[each] for each in (REAL, FAKE))
                for name in order
                if name not in moved and groups[name][label]
            }
            smallest = min(shares, key=shares.__getitem__, default=None)
            if smallest is None or shares[smallest] > 0.5:
                break
            moved.add(smallest)


def _too_few(groups: Mapping[str, _Count], total: _Count) -> FacefakeError:
    """Why no choice of groups will do, for each class in which that can be told."""
    lacks = []
    for label, name in ((REAL, "real"), (FAKE, "fake")):
        of_class = [count[label] for count in groups.values() if count[label]]
        if total[label] == 1:
            lacks.append(f"there is one {name} clip")
        elif len(of_class) == 1:
            lacks.append(f"all {total[label]} {name} clips are of one source group")
        elif 2 * max(of_class) > total[label]:
            lacks.append(f"{max(of_class)} of {total[label]} {name} clips are of one source group")
    if len(groups) == 1:
        lacks = ["all clips are of one"]
    why = " and ".join(lacks) or "those that remain would not be of both classes"
    return FacefakeError(
        "split_empty",
        f"too few source groups to hold out a validation split: {why}. A group is never divided, both splits need real "
        "and fake clips, and at most half of a class is held out.",
        "Bring more clips of other sources, or say yourself what is for validation: with a column split (train, val) "
        "in the labels.",
    )


def _check_classes(clips: Sequence[Clip]) -> None:
    count = _count(clip for clip in clips if clip.split == "train")
    if all(count):
        return
    there = ", ".join(sorted({clip.split or "none" for clip in clips})) or "none"
    lack = "nothing labelled" if not any(count) else "only fakes" if count[FAKE] else "only reals"
    raise FacefakeError(
        "split_empty",
        f"the split 'train' holds {lack}; there are splits: {there}",
        "Real and fake clips are needed to train: bring more, or choose other methods.",
    )


def _count(clips: Iterable[Clip]) -> _Count:
    return _sum((int(clip.label == REAL), int(clip.label == FAKE)) for clip in clips)


def _plus(one: _Count, other: _Count) -> _Count:
    return one[REAL] + other[REAL], one[FAKE] + other[FAKE]


def _sum(counts: Iterable[_Count]) -> _Count:
    real = fake = 0
    for count in counts:
        real, fake = real + count[REAL], fake + count[FAKE]
    return real, fake


def _group(clip: Clip) -> str:
    return f"{clip.dataset}/{clip.pair or clip.key}"


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()

"""Leakage: footage or people that stand on both sides of a split, so that a test asks what training has shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from preprocessing.clip import Clip


@dataclass(frozen=True, slots=True)
class Leak:
    """A pair or a person with clips in several splits.

    Attributes:
        kind: ``pair`` (the same footage) or ``identity`` (the same person in other footage, too).
        dataset: The data set in which ``name`` means something.
        name: The pair or the person.
        splits: Keys of the clips by split, two splits at least.
    """

    kind: str
    dataset: str
    name: str
    splits: dict[str, list[str]]

    def __str__(self) -> str:
        sides = " and ".join(f"{split} ({len(keys)}, e.g. {keys[0]})" for split, keys in self.splits.items())
        return f"{self.kind} {self.name} of {self.dataset} is in {sides}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"kind": self.kind, "dataset": self.dataset, "name": self.name, "splits": self.splits}


def leaks(clips: Iterable[Clip]) -> list[Leak]:
    """Pairs, then identities, whose clips stand in more than one split; clips without a split take no side.

    Names of pairs and people are local to a data set: the same name in two data sets is no leak.

    Example:
        >>> from pathlib import Path
        >>> def clip(key, split):
        ...     return Clip(Path(key), key, "toy", "real", 0, split, pair="a", name=key)
        >>> print(*leaks([clip("1.mp4", "train"), clip("2.mp4", "test")]))
        pair a of toy is in test (1, e.g. 2.mp4) and train (1, e.g. 1.mp4)
        >>> leaks([clip("1.mp4", "train"), clip("2.mp4", "train")])
        []
    """
    groups: dict[tuple[str, str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        if clip.split is None:
            continue
        if clip.pair is not None:
            groups["pair", clip.dataset, clip.pair][clip.split].append(clip.key)
        for person in dict.fromkeys(clip.identities):
            groups["identity", clip.dataset, person][clip.split].append(clip.key)
    return [
        Leak(kind, dataset, name, {split: sorted(keys) for split, keys in sorted(splits.items())})
        for (kind, dataset, name), splits in sorted(groups.items(), key=lambda group: (group[0][0] != "pair", group[0]))
        if len(splits) > 1
    ]

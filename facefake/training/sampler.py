"""The order in which crops are seen: a function of (seed, epoch) alone, so that a resumed run sees the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler


class PairSampler(Sampler[tuple[int, int]]):
    """Shuffled crops, in groups that stay together.

    With a group a crop, this is plain shuffling. With :func:`pair_groups` a real and its fakes follow one another, and
    so are in one batch unless a batch ends between them: at most one group a batch is cut.

    Args:
        groups: Rows of the crops, each in one group.
        seed: Of the run.

    Example:
        >>> sampler = PairSampler([[0, 1], [2], [3]], seed=0)
        >>> sorted(sampler), len(sampler)
        ([(0, 0), (0, 1), (0, 2), (0, 3)], 4)
    """

    def __init__(self, groups: Sequence[Sequence[int]], seed: int) -> None:
        self._groups = [list(group) for group in groups]
        self._seed, self._epoch = seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0; called by the training loop."""
        self._epoch = epoch

    def __len__(self) -> int:
        return sum(len(group) for group in self._groups)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(epoch, row) of each crop: the epoch goes along so that loading processes need no state of their own."""
        order = np.random.default_rng([self._seed, self._epoch]).permutation(len(self._groups))
        epoch = self._epoch  # of this order, whatever comes while it lasts
        return ((epoch, row) for index in order for row in self._groups[index])


def pair_groups(pairs: Sequence[str | None], frames: NDArray[np.int64], labels: NDArray[np.int64]) -> list[list[int]]:
    """Group crops of a pair so that each group holds reals and fakes of the same frame, or of the nearest ones.

    Args:
        pairs: Pair of each crop; crops without one stay alone.
        frames: Frame index of each crop.
        labels: Label of each crop.

    Returns:
        Groups of row numbers, every row in exactly one. A pair with one class only is left as single crops.

    Example:
        >>> pair_groups(["a"] * 5, np.array([0, 0, 4, 5, 9]), np.array([0, 1, 0, 1, 1]))
        [[0, 1], [2, 3, 4]]
    """
    members: dict[str, list[int]] = {}
    groups: list[list[int]] = []
    for row, pair in enumerate(pairs):
        if pair is None:
            groups.append([row])
        else:
            members.setdefault(pair, []).append(row)
    for rows in members.values():
        if len({int(labels[row]) for row in rows}) < 2:
            groups.extend([row] for row in rows)
        else:
            groups.extend(_split_by_frame(sorted(rows, key=lambda row: (int(frames[row]), row)), frames, labels))
    return groups


def _split_by_frame(rows: list[int], frames: NDArray[np.int64], labels: NDArray[np.int64]) -> list[list[int]]:
    """Cut rows, sorted by frame, wherever the frame changes and both sides have both classes."""
    groups: list[list[int]] = [[]]
    for row in rows:
        current = groups[-1]
        if current and frames[row] != frames[current[-1]] and len({int(labels[each]) for each in current}) == 2:
            groups.append([])
        groups[-1].append(row)
    if len(groups) > 1 and len({int(labels[row]) for row in groups[-1]}) < 2:
        groups[-2].extend(groups.pop())
    return groups

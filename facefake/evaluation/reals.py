"""Which reals the fakes of one method are measured against."""

from __future__ import annotations

import numpy as np

from facefake.evaluation.scores import Flags, Ints, Texts
from preprocessing.datasets import READERS


def reals_against(fakes: Flags, dataset: Texts, method: Texts, label: Ints) -> Flags:
    """The reals of the data sets that ``fakes`` are of, as far as their readers call them comparable.

    A release of whole pictures often has reals of its own for each generator: those of another differ in what they
    show, and telling them from the fakes would be telling cats from churches. Other releases, such as those of face
    videos, have one set of reals for all.

    Args:
        fakes: Which rows, (n,) bool, all of one method.
        dataset: Name of each row's reader, (n,) text; one that is not known has one set of reals.
        method: Forgery method or source of the reals, (n,) text.
        label: Real 0, fake 1, (n,).

    Returns:
        Which rows, (n,) bool.

    Example:
        >>> dataset, method = np.array([["x"] * 3, ["a", "youtube", "actors"]], dtype=object)
        >>> reals_against(method == "a", dataset, method, np.array([1, 0, 0]))
        array([False,  True,  True])
    """
    against = np.zeros(len(label), dtype=bool)
    for name in set(dataset[fakes]):
        reals = (label == 0) & (dataset == name)
        reader = READERS.get(name)
        if reader and reader.reals_of:
            reals &= np.isin(method.astype(str), reader.reals_of(str(method[fakes][0])))
        against |= reals
    return against

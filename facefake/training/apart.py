"""Training and validation kept apart: no footage and nobody on both sides."""

from __future__ import annotations

import warnings

from facefake.training.data import Crops
from preprocessing.datasets import READERS
from preprocessing.errors import FacefakeError
from preprocessing.releases.leaks import leaks


def check_apart(train: Crops, val: Crops) -> None:
    """Refuse a validation split that shows footage or people of the training split: it would measure memory.

    Clips of a pair may never be on both sides. People may not either, but where the split is the release's own: it is
    no user's to change, and published figures are of it (actors of DeeperForensics are in all of its splits). That is
    a warning.

    Raises:
        FacefakeError: ``split_leak``, naming the first few.
    """
    found = leaks([*train.sources, *val.sources])
    faults = [leak for leak in found if leak.kind == "pair" or not _is_official(leak.dataset)]
    if faults:
        raise FacefakeError(
            "split_leak",
            f"{len(faults)} pairs or people are on both sides of training and validation: "
            + "; ".join(map(str, faults[:3])),
            "Give all clips of a pair, and of a person, one split, and extract again: labels are brought up to date.",
        )
    for dataset in sorted({leak.dataset for leak in found}):
        people = sum(leak.dataset == dataset for leak in found)
        warnings.warn(
            f"{people} people of {dataset} are in both {train.split} and {val.split}: the split of this release parts "
            "footage, not people.",
            stacklevel=2,
        )


def _is_official(dataset: str) -> bool:
    """Whether the data set's splits are its authors'."""
    return dataset in READERS and not READERS[dataset].takes_labels

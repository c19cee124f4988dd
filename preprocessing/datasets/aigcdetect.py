"""Trees of label folders: AIGCDetectBenchmark, AIGIBench, Chameleon, those spread with NPR, CIFAKE, and anyone's own.

``[train|val|test/][<generator>/[<class>/]]{0_real,1_fake}``; the label folders may also be called ``real`` and
``fake``, in capitals too, or ``nature`` and ``ai``. A generator is what lies at the top, or right below a folder that
names the split; pictures of no generator are ``fake`` and ``real``. Nothing else is known of such a tree.
"""

from __future__ import annotations

from functools import partial

from preprocessing.clip import FAKE
from preprocessing.datasets.base import SPLITS, Reader
from preprocessing.datasets.picture_trees import (
    NATURE,
    NUMBERED,
    PLAIN,
    Place,
    find_pictures,
    own_method,
    own_reals,
)


def reals_of(generator: str) -> tuple[str, ...]:
    """The reals beside a generator.

    Example:
        >>> reals_of("Midjourney-V6"), reals_of("fake")
        (('Midjourney-V6-real',), ('real',))
    """
    return ("real",) if generator == "fake" else own_reals(generator)


def _place(names: tuple[str, ...], label: int) -> Place:
    _, *folders, _ = names
    split = folders.pop(0) if folders and folders[0] in SPLITS else None
    unnamed = "fake" if label == FAKE else "real"
    return Place("/".join(names[1:]), own_method(folders[0], label) if folders else unnamed, split)


READER = Reader(
    name="aigcdetect",
    title="AIGCDetectBenchmark, AIGIBench, Chameleon and any other tree of label folders",
    find=partial(
        find_pictures,
        "aigcdetect",
        "[<split>/][<generator>/[<class>/]]{0_real,1_fake} or {real,fake}",
        NUMBERED | PLAIN | NATURE,
        _place,
    ),
    licence="that of the set",
    link="https://github.com/Ekko-zn/AIGCDetectBenchmark",
    pictures=True,
    reals_of=reals_of,
)

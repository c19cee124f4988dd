"""The training set of CNNDetection (Wang et al., CVPR 2020): ProGAN against LSUN, as nearly all detectors are trained.

``train|val/<category of LSUN>/{0_real,1_fake}/*.png``. The archives hold only the categories; they are unpacked into
folders of their names (``progan_train``, ``progan_val``) or, as the authors say, into ``train`` and ``val``. One of the
categories is called ``train``, too. The test set is another download (``forensynths``).
"""

from __future__ import annotations

from functools import partial

from preprocessing.clip import FAKE
from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.picture_trees import NUMBERED, Place, find_pictures

CATEGORIES = frozenset(
    (
        *("airplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
        *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
    )
)
SPLITS = {"train": "train", "progan_train": "train", "val": "val", "progan_val": "val"}


def _place(names: tuple[str, ...], label: int) -> Place | None:
    *above, category, folder = names
    split = next((SPLITS[name] for name in reversed(above) if name in SPLITS), None)
    if split is None or category not in CATEGORIES:
        return None
    return Place(f"{split}/{category}/{folder}", "progan" if label == FAKE else "lsun", split)


READER = Reader(
    name="progan",
    title="ProGAN and LSUN, the training set of CNNDetection",
    find=partial(find_pictures, "progan", "train|val/<category>/{0_real,1_fake}", NUMBERED, _place),
    licence="CC BY-NC-SA 4.0",
    link="https://github.com/PeterWang512/CNNDetection",
    # "720K images for training", half of them real (section 3 of the paper); of the validation set, sources differ
    official=(Official("lsun", "train", 360_000), Official("progan", "train", 360_000)),
    reals=("lsun",),
    pictures=True,
)

"""ForenSynths, the test set of CNNDetection (Wang et al., CVPR 2020): 13 generators, each with reals of its own.

``<generator>/{0_real,1_fake}``, for ProGAN, StyleGAN, StyleGAN2 and CycleGAN ``<generator>/<class>/{0_real,1_fake}``.
``deepfake`` holds faces of FaceForensics++.
"""

from __future__ import annotations

from functools import partial

from preprocessing.clip import FAKE, REAL
from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.picture_trees import NUMBERED, Place, find_pictures, own_method, own_reals

COUNTS = {
    "progan": (4000, 4000),
    "stylegan": (5991, 5991),
    "stylegan2": (7988, 7988),
    "biggan": (2000, 2000),
    "cyclegan": (1321, 1321),
    "stargan": (1999, 1999),
    "gaugan": (5000, 5000),
    "crn": (6382, 6382),
    "imle": (6382, 6382),
    "seeingdark": (180, 180),
    "san": (219, 219),
    "deepfake": (2707, 2698),
    "whichfaceisreal": (1000, 1000),
}
"""Real and fake pictures of each generator: the 90,329 members of ``CNN_synth_testset.zip``."""


def _place(names: tuple[str, ...], label: int) -> Place | None:
    for depth in (2, 3):  # without and with a class
        if len(names) >= depth and names[-depth] in COUNTS:
            return Place("/".join(names[-depth:]), own_method(names[-depth], label), "test")
    return None


READER = Reader(
    name="forensynths",
    title="ForenSynths, the test set of CNNDetection",
    find=partial(find_pictures, "forensynths", "<generator>/[<class>/]{0_real,1_fake}", NUMBERED, _place),
    licence="CC BY-NC-SA 4.0",
    link="https://github.com/PeterWang512/CNNDetection",
    official=tuple(
        Official(own_method(generator, label), "test", counts[label])
        for generator, counts in COUNTS.items()
        for label in (REAL, FAKE)
    ),
    reals=tuple(method for generator in COUNTS for method in own_reals(generator)),
    pictures=True,
    reals_of=own_reals,
)

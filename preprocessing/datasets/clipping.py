"""The data of "CLIPping the Deception" (Khan and Dang-Nguyen, ICMR 2024): 25 test sets and a training set.

``<set>/images/val/{n01440764,n01443537}``, real and fake pictures under two synsets of ImageNet, as Dassl reads them;
and for training ``progan_train/images/{train,val}/...``, a draw from the training set of CNNDetection (``progan``).
Many test sets are those of ``forensynths`` and ``ufd``, copied or drawn from. Dassl wants a ``train`` in test sets as
well, which the authors' code lists and does not use.
"""

from __future__ import annotations

from functools import partial

from preprocessing.clip import FAKE, REAL
from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.picture_trees import SYNSETS, Place, find_pictures, own_method, own_reals

TRAINING = "progan_train"
TEST = {
    **{"progan": 4000, "biggan": 2000, "cyclegan": 1000, "eg3d": 1000, "gaugan": 5000, "stargan": 1999},
    **{"stylegan": 1000, "stylegan2": 1000, "stylegan3": 950, "dalle2": 1000, "glide_50_27": 1000},
    **{"glide_100_10": 1000, "glide_100_27": 1000, "guided": 1000, "ldm_100": 1000, "ldm_200": 1000},
    **{"ldm_200_cfg": 1000, "sd_512x512": 1000, "sdxl": 1000, "taming": 1000, "deepfake": 2698, "firefly": 1000},
    **{"midjourney_v5": 1000, "dalle3": 1000, "faceswap": 2800},
}
"""The test sets and how many pictures each has of either class, by the output of the authors' notebook."""


def _place(names: tuple[str, ...], label: int) -> Place | None:
    if len(names) < 4 or names[-3] != "images":
        return None
    name, _, part, _ = names[-4:]
    place = Place("/".join(names[-4:]), own_method(name, label), part)
    if name in TEST and part == "val":
        return place._replace(split="test")
    return place if name == TRAINING and part in ("train", "val") else None


READER = Reader(
    name="clipping",
    title="the sets of CLIPping the Deception",
    find=partial(find_pictures, "clipping", "<set>/images/val/{n01440764,n01443537}", SYNSETS, _place),
    licence="those of the sets it was drawn from",
    link="https://github.com/sfimediafutures/CLIPping-the-Deception",
    official=tuple(
        Official(own_method(name, label), "test", count) for name, count in TEST.items() for label in (REAL, FAKE)
    ),
    reals=tuple(method for name in (TRAINING, *TEST) for method in own_reals(name)),
    pictures=True,
    reals_of=own_reals,
)

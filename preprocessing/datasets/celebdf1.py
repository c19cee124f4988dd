"""Celeb-DF v1 (Li et al., 2019): the first release, with the layout, names and list of ``celebdf`` (v2).

Nothing in its files tells it from v2 but how many there are; the official counts do.
"""

from __future__ import annotations

from functools import partial

from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.celebdf import find_as

OFFICIAL = (
    Official("Celeb-real", None, 158),
    Official("YouTube-real", None, 250),
    Official("Celeb-synthesis", None, 795),
)

READER = Reader(
    name="celebdf1",
    title="Celeb-DF v1",
    find=partial(find_as, "celebdf1", OFFICIAL),
    licence="research only, by request",
    link="https://github.com/yuezunli/celeb-deepfakeforensics/tree/master/Celeb-DF-v1",
    official=OFFICIAL,
    reals=("Celeb-real", "YouTube-real"),
    version=2,  # as celebdf
    related=("celebdf", "celebdfpp"),
)

"""DFD, the Deep Fake Detection data set of Google and Jigsaw (2019), as FaceForensics++ hosts it.

The same files as the DFD part of ``ffpp`` and found in the same places, for those who have or want nothing else:
``original_sequences/actors/<compression>/videos`` and ``manipulated_sequences/DeepFakeDetection/<compression>/videos``,
or in a copy on Kaggle ``DFD_original sequences`` and ``DFD_manipulated_sequences``.
A real ``<actor>__<scene>`` and every fake ``<actor>_<face>__<scene>__<8 characters>`` are one pair. There is no
official split, so all of it is test. Some scenes show two people of whom one is swapped; the masks say which.
"""

from __future__ import annotations

from functools import partial

from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.ffpp import DFD, find_methods

READER = Reader(
    name="dfd",
    title="DFD (Google and Jigsaw), raw, c23, c40",
    find=partial(find_methods, "dfd", ("actors", DFD)),
    licence="research only, by request (FaceForensics terms of use)",
    link="https://github.com/ondyari/FaceForensics",
    official=(Official("actors", "test", 363), Official(DFD, "test", 3068)),
    reals=("actors",),
    related=("ffpp",),
)

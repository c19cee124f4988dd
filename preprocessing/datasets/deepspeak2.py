"""DeepSpeak v2 (Barrington, Bohacek and Farid, arXiv 2408.05366): other engines and names than v1 (``deepspeak``).

A fake is called ``<engine>-<source recording>-<target recording>-<audio>.mp4``, e.g. ``diff2lip-6868-6860-playht.mp4``,
and names no person: ``annotations-fake.csv`` does, by ``video-file``, ``identity-target`` and ``identity-source``. All
else is as in ``deepspeak``, and second-hand as well; so are the counts, 9,376 real recordings and 7,209 fakes. In fakes
of the family ``avatar`` the full face is driven.
"""

from __future__ import annotations

from functools import partial

from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.deepspeak import ENGINES_2, fake_by_list, find_as, methods_of

READER = Reader(
    name="deepspeak2",
    title="DeepSpeak v2",
    find=partial(find_as, "deepspeak2", fake_by_list),
    licence="free to academic institutions, by request",
    link="https://huggingface.co/datasets/faridlab/deepspeak_v2",
    methods=("real", *methods_of(ENGINES_2)),
    official=(Official("real", None, 9376),),  # second-hand; of the fakes no counts by engine are known
    reals=("real",),
    related=("frames",),
)

"""The diffusion sets of UniversalFakeDetect (Ojha et al., CVPR 2023): eight generators that share two sets of reals.

``<generator>/1_fake``, and reals under ``imagenet/0_real`` (for guided diffusion) and ``laion/0_real`` (for the rest).
The authors released 1,000 pictures of the 10,000 of each that their paper speaks of; its GANs are ``forensynths``.
"""

from __future__ import annotations

from functools import partial

from preprocessing.clip import FAKE, REAL
from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.picture_trees import NUMBERED, Place, find_pictures

SOURCES = {
    **dict.fromkeys(("imagenet", "laion"), REAL),
    **dict.fromkeys(("dalle", "glide_50_27", "glide_100_10", "glide_100_27"), FAKE),
    **dict.fromkeys(("guided", "ldm_100", "ldm_200", "ldm_200_cfg"), FAKE),
}


def reals_of(generator: str) -> tuple[str, ...]:
    """The reals a generator is measured against.

    Example:
        >>> reals_of("guided"), reals_of("ldm_200_cfg")
        (('imagenet',), ('laion',))
    """
    return ("imagenet",) if generator == "guided" else ("laion",)


def _place(names: tuple[str, ...], label: int) -> Place | None:
    source, folder = names[-2:]
    return Place(f"{source}/{folder}", source, "test") if SOURCES.get(source) == label else None


READER = Reader(
    name="ufd",
    title="the diffusion sets of UniversalFakeDetect",
    find=partial(find_pictures, "ufd", "<generator>/1_fake and {imagenet,laion}/0_real", NUMBERED, _place),
    licence="by the code's MIT licence; the reals are of ImageNet and LAION-400M",
    link="https://github.com/WisconsinAIVision/UniversalFakeDetect",
    official=tuple(Official(source, "test", 1000) for source in SOURCES),
    reals=("imagenet", "laion"),
    pictures=True,
    reals_of=reals_of,
)

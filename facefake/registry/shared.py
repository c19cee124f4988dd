"""Licences and sentences that several published detectors share."""

from __future__ import annotations

from facefake.registry.entry import Licence


def mit(url: str) -> Licence:
    """The MIT licence, as written at an address."""
    return Licence("MIT", url, True)


CC_BY_NC = Licence("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/", False)

FFPP_TERMS = (
    "FaceForensics++, which it was trained on, is given out for non-commercial research; its authors say nothing of "
    "weights."
)


def imported(built: str) -> str:
    """What the tests of importers check, in words.

    Args:
        built: Of what the model is that stands for the published one.
    """
    return f"a small model with random weights, built of {built}, gives the same log odds after import (to 1e-5)."


def not_fetched(name: str) -> str:
    """What nobody can check where no published weights can be had."""
    return (
        "the published file itself, its scores and its figures: it could not be downloaded where facefake is written. "
        f"`facefake detectors verify {name}` checks it on your machine."
    )

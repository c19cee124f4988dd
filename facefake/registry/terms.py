"""Licences and addresses that several published detectors share."""

from __future__ import annotations

from facefake.registry.entry import Licence


def mit(url: str) -> Licence:
    """The MIT licence, as written at an address."""
    return Licence("MIT", url, True)


def not_known(url: str) -> Licence:
    """Terms that were looked for and not found."""
    return Licence("not known", url, None)


CC_BY_NC = Licence("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/", False)

FFPP_TERMS = (
    "FaceForensics++, which it was trained on, is given out for non-commercial research; its authors say nothing of "
    "weights."
)

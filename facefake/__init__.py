"""facefake tells whether the faces in a video were forged, or a picture generated.

:func:`facefake.load` opens a detector and :func:`facefake.score` scores files with it. Importing this package imports
neither torch nor anything else that is slow; the two functions do when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facefake._version import __version__
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.api import load, score

__all__ = ["FacefakeError", "__version__", "load", "score"]


def __getattr__(name: str) -> Any:
    if name in ("load", "score"):
        from facefake import api

        return getattr(api, name)
    raise AttributeError(f"module 'facefake' has no attribute {name!r}")

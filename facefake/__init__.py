"""facefake tells whether the faces in a video were forged.

``facefake.load`` opens a detector and ``facefake.score`` scores files with it; both import torch only when called.
"""

from facefake._version import __version__

__all__ = ["__version__"]

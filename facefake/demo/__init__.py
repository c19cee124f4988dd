"""Material of ``facefake demo``: a small labelled video set made on the spot, with no network and no weights."""

from __future__ import annotations

from facefake.demo.make import DISCLAIMER, SCENES, make_demo_set

__all__ = ["DISCLAIMER", "SCENES", "make_demo_set"]

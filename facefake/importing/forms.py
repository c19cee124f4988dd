"""The forms in which detectors are published. A form is a function from an opened file to the detector's parts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.importing.parts import Parts
    from facefake.models.backbone import Backbone
    from facefake.models.spec import BackboneSpec
    from facefake.opening.opened import Opened

FORMS: Final = {
    "gend-clip": "facefake.importing.gend:gend_clip",
    "ln-clip": "facefake.importing.ln_clip:ln_clip",
    "gend-pe": "facefake.importing.gend_timm:gend_pe",
    "gend-dinov3": "facefake.importing.gend_timm:gend_dinov3",
    "effort": "facefake.importing.effort:effort",
    "ufd": "facefake.importing.ufd:ufd",
    "clipping-prompt": "facefake.importing.clipping:clipping_prompt",
    "clipping-adapter": "facefake.importing.clipping:clipping_adapter",
    "clipping-linear": "facefake.importing.clipping:clipping_linear",
    "clipping-full": "facefake.importing.clipping:clipping_full",
}
"""Where each form's function is; it is imported when it is used, so that the names can be listed without torch."""


def read_parts(form: str, opened: Opened, spec: BackboneSpec, backbone: Backbone) -> Parts:
    """The parts of the detector that a file holds.

    Args:
        form: One of :data:`FORMS`.
        opened: The published file.
        spec: Its base; its text tower can be loaded from this.
        backbone: Its base's visual tower, as loaded.

    Raises:
        FacefakeError: ``import_mismatch`` if the file is not of that form.
    """
    module, _, function = FORMS[form].partition(":")
    read: Any = getattr(import_module(module), function)
    parts: Parts = read(opened, spec, backbone)
    return parts


def mismatch(opened: Opened, expected: str, reason: str) -> FacefakeError:
    """The error of a file that is not of the form it was said to be: what was expected, and what it looks like.

    Args:
        opened: The file.
        expected: What the form is, e.g. ``GenD on CLIP as published``.
        reason: What of it is not so.
    """
    from facefake.opening.opened import looks_like

    return FacefakeError(
        "import_mismatch",
        f"{opened.path} is not {expected}: {reason}. It looks like {looks_like(opened)}.",
        "`facefake detectors` lists what can be imported, and `facefake detectors info NAME` names its file.",
    )

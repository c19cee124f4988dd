"""The forms in which detectors are published. A form is a function from an opened file to the detector's parts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from facefake.importing.parts import Parts
    from facefake.models.backbone import Backbone
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


def read_parts(form: str, opened: Opened, backbone: Backbone) -> Parts:
    """The parts of the detector that a file holds.

    Args:
        form: One of :data:`FORMS`.
        opened: The published file.
        backbone: Its base's visual tower, as loaded; the text tower can be loaded from its spec.

    Raises:
        FacefakeError: ``import_mismatch`` if the file is not of that form.
    """
    module, _, function = FORMS[form].partition(":")
    read: Any = getattr(import_module(module), function)
    parts: Parts = read(opened, backbone)
    return parts

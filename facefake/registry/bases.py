"""The backbones that published detectors were tuned from: what they are called, what they weigh, and their terms."""

from __future__ import annotations

from dataclasses import dataclass

from facefake.registry.entry import Entry, Licence
from facefake.registry.shared import mit


@dataclass(frozen=True, slots=True)
class Base:
    """A backbone's published weights.

    Attributes:
        title: As people call it.
        short: Shorter.
        size: Of the file that is fetched, in bytes, to two digits or more.
        licence: Terms.
    """

    title: str
    short: str
    size: int
    licence: Licence


_BASES = {
    "openai": Base("CLIP ViT-L/14", "CLIP", 1_710_000_000, mit("https://github.com/openai/CLIP/blob/main/LICENSE")),
    "hf-hub:timm/vit_pe_core_large_patch14_336.fb": Base(
        "PE-Core-L/14",
        "PE",
        1_270_000_000,
        Licence("Apache-2.0", "https://huggingface.co/timm/vit_pe_core_large_patch14_336.fb", True),
    ),
    "hf-hub:timm/vit_large_patch16_dinov3.lvd1689m": Base(
        "DINOv3 ViT-L/16",
        "DINOv3",
        1_210_000_000,
        Licence("DINOv3", "https://ai.meta.com/resources/models-and-libraries/dinov3-license/", True),
    ),
}


def base(entry: Entry) -> Base:
    """What the base of a published detector is. It is fetched once, however many detectors stand on it.

    Example:
        >>> from facefake.registry.entries import find
        >>> base(find("gend-clip-l14")).title
        'CLIP ViT-L/14'
    """
    return _BASES[entry.backbone.weights]

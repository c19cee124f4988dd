"""The published detectors that are known, by name."""

from __future__ import annotations

import difflib

from facefake.models.spec import BackboneSpec
from facefake.registry.entry import Entry, Figure, Hub, Licence
from preprocessing.errors import FacefakeError
from preprocessing.faces.align import CropGeometry

DEFAULT = "gend-clip-l14"
"""What a file is scored with where no detector is named."""

_CLIP_L14 = "ViT-L-14-quickgelu"

_ENTRIES = (
    Entry(
        name="gend-clip-l14",
        title="GenD, CLIP ViT-L/14",
        use_for="faces in videos: the default",
        detects="face",
        form="gend-clip",
        sources=(
            Hub(
                repository="yermandy/GenD_CLIP_L_14",
                file="model.safetensors",
                revision="9413725434bfe93ef069b7b4dcdf817cd83529b3",
                sha256="d76f0bdfd74a29fe1b1c1b84a80ac92486993e426878e8c7a3944281fbb96833",
                size=1_215_928_160,
            ),
        ),
        backbone=BackboneSpec(_CLIP_L14, "openai"),
        strategy="ln",
        head="hyperspherical",
        geometry=CropGeometry("gend", 1.3, None),
        face_detector="scrfd",
        preprocessing="shorter side to 224 pixels (bicubic), centre crop, CLIP's mean and deviation, RGB",
        polarity="two logits, softmax; class 0 real, class 1 fake",
        trained_on="FaceForensics++ c23, official training split, 32 frames a video",
        code=Licence("MIT", "https://github.com/yermandy/GenD/blob/main/LICENSE", True),
        weights=Licence("none stated", "https://huggingface.co/yermandy/GenD_CLIP_L_14", None),
        paper="https://arxiv.org/abs/2508.06248",
        project="https://github.com/yermandy/GenD",
        figures=(Figure("Celeb-DF v2", "video AUC", 0.960, "https://arxiv.org/abs/2508.06248"),),
        verified="",
        unverified="",
    ),
)

ENTRIES: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
"""All of them by name, in the order to list them in."""

NOT_RUN: tuple[tuple[str, str, str], ...] = (
    (
        "ForensicsAdapter",
        "its released forward pass builds layers with random weights anew in every call, so the published file does "
        "not hold what was evaluated",
        "https://github.com/OUC-VAS/ForensicsAdapter",
    ),
)
"""Published, and not runnable here: name, why, where."""


def find(name: str) -> Entry:
    """The published detector of that name.

    Raises:
        FacefakeError: ``detector_unknown``, with the nearest name.

    Example:
        >>> find("gend-clip-l14").detects
        'face'
    """
    if name in ENTRIES:
        return ENTRIES[name]
    near = difflib.get_close_matches(name, ENTRIES, n=1)
    raise FacefakeError(
        "detector_unknown",
        f"no published detector is called {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""),
        "`facefake detectors` lists them.",
    )

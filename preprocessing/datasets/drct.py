"""DRCT-2M (Chen et al., ICML 2024) and the MSCOCO pictures it is measured against, as its authors' code has them.

``DRCT-2M/<model>/{train2017,val2017}`` for sixteen models of the Stable Diffusion family, and of COCO
``MSCOCO/{train2017,val2017}``, which is a download of its own. ``train2017`` is training material, of which the
authors' code holds out a random tenth for validation; ``val2017`` is the test set. The models' folders may also lie in
the root itself, and the keys leave ``DRCT-2M`` out.

``DR/MSCOCO/<kind>/…`` and ``DR/DRCT-2M/<model>/<kind>/…`` are reconstructions by a diffusion model, which the authors
train on as fakes. They are taken by the name of their method only, that is their folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.datasets.base import Found, Official, Reader, require_folder, store_name
from preprocessing.datasets.lists import files_below
from preprocessing.datasets.media import IMAGE_SUFFIXES

MODELS = (
    *("ldm-text2im-large-256", "stable-diffusion-v1-4", "stable-diffusion-v1-5", "stable-diffusion-2-1"),
    *("stable-diffusion-xl-base-1.0", "stable-diffusion-xl-refiner-1.0", "sd-turbo", "sdxl-turbo", "lcm-lora-sdv1-5"),
    *("lcm-lora-sdxl", "sd-controlnet-canny", "sd21-controlnet-canny", "controlnet-canny-sdxl-1.0"),
    *("stable-diffusion-inpainting", "stable-diffusion-2-inpainting", "stable-diffusion-xl-1.0-inpainting-0.1"),
)
COCO = "MSCOCO"
SPLITS = {"train2017": "train", "val2017": "test"}


def find(root: Path) -> Found:
    """Every picture below ``root``.

    Raises:
        FacefakeError: ``dataset_not_found``.
    """
    root = require_folder(root, "DRCT-2M", COCO, *MODELS)
    clips = [clip for top in ("DRCT-2M", COCO, "DR", *MODELS) for clip in _clips(root, top)]
    notes = [] if any(clip.label == REAL for clip in clips) else [f"no real pictures: {COCO}/ is to lie here as well"]
    return Found(clips, notes=notes)


def _clips(root: Path, top: str) -> Iterator[Clip]:
    for path in files_below(root / top):
        parts = path.relative_to(root).parts
        split = next((part for part in parts[:-1] if part in SPLITS), None)
        if split is None or path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        source = parts[parts[0] == "DRCT-2M" : parts.index(split)]
        if source[:1] == ("DR",) or source in (*((model,) for model in MODELS), (COCO,)):
            key = "/".join(parts[parts[0] == "DRCT-2M" :])
            yield Clip(
                path=path,
                key=key,
                dataset="drct",
                method="mscoco" if source == (COCO,) else "/".join(source),
                label=REAL if source == (COCO,) else FAKE,
                split=SPLITS[split],
                pair=None,
                name=store_name(key),
            )


READER = Reader(
    name="drct",
    title="DRCT-2M",
    find=find,
    licence="none stated; MSCOCO has the terms of Flickr",
    link="https://github.com/beibuwandeluori/DRCT",
    methods=("mscoco", *MODELS),
    official=(Official("mscoco", "train", 118_287), Official("mscoco", "test", 5_000)),  # cocodataset.org
    reals=("mscoco",),
    pictures=True,
)

"""GenImage (Zhu et al., NeurIPS 2023): eight generators against ImageNet, each with reals of its own.

``<generator>/{train,val}/{ai,nature}``; the archives put a folder of their own between (``imagenet_ai_0419_biggan``).
The test pictures of all are also spread as ``test/<generator>_imagenet/{ai,nature}``. What lies in ``val`` is what the
paper tests on, so its split is ``test``, and training holds its validation pictures out of ``train``.
"""

from __future__ import annotations

from functools import partial

from preprocessing.datasets.base import Official, Reader
from preprocessing.datasets.picture_trees import NATURE, Place, find_pictures, own_method, own_reals

FOLDERS = {
    "ADM": ("imagenet_ai_0508_adm", "adm_imagenet"),
    "BigGAN": ("imagenet_ai_0419_biggan", "biggan_imagenet"),
    "GLIDE": ("glide", "imagenet_glide", "glide_imagenet"),
    "Midjourney": ("imagenet_midjourney", "midjourney_imagenet"),
    "Stable Diffusion V1.4": ("stable_diffusion_v_1_4", "imagenet_ai_0419_sdv4", "sdv4_imagenet"),
    "Stable Diffusion V1.5": ("stable_diffusion_v_1_5", "imagenet_ai_0424_sdv5", "sdv5_imagenet"),
    "VQDM": ("imagenet_ai_0419_vqdm", "vqdm_imagenet"),
    "Wukong": ("wukong", "imagenet_ai_0424_wukong", "wukong_imagenet"),
}
"""The generators by the authors' names for them, with the other names their folders have in archives."""
GENERATORS = {name: generator for generator, others in FOLDERS.items() for name in (generator, *others)}
SPLITS = {"train": "train", "val": "test"}


def _place(names: tuple[str, ...], label: int) -> Place | None:
    if len(names) > 2 and names[-3] == "test" and names[-2].endswith("_imagenet"):
        *above, folder = names
        part = "val"
    else:
        *above, part, folder = names
    generator = next((GENERATORS[name] for name in reversed(above) if name in GENERATORS), None)
    if generator is None or part not in SPLITS:
        return None
    return Place(f"{generator}/{part}/{folder}", own_method(generator, label), SPLITS[part])


READER = Reader(
    name="genimage",
    title="GenImage",
    find=partial(find_pictures, "genimage", "<generator>/{train,val}/{ai,nature}", NATURE, _place),
    licence="CC BY-NC-SA 4.0",
    link="https://github.com/GenImage-Dataset/GenImage",
    # a generator made 162 pictures of each of the 1,000 classes for training and 6 for testing, Stable Diffusion V1.5
    # 166 and 8 (section 3 of the paper), which has the reals of all generators only as one sum
    official=tuple(
        Official(generator, split, count)
        for generator in FOLDERS
        for split, count in zip(
            ("train", "test"),
            (166_000, 8_000) if generator == "Stable Diffusion V1.5" else (162_000, 6_000),
            strict=True,
        )
    ),
    reals=tuple(method for generator in FOLDERS for method in own_reals(generator)),
    pictures=True,
    reals_of=own_reals,
)

"""Miniatures of releases of whole pictures as folder trees; the files are empty, readers do not open them."""

from __future__ import annotations

from pathlib import Path

from preprocessing.datasets.base import Reader
from tests.preprocessing.datasets.trees import touch


def facts(reader: Reader, root: Path) -> dict[str, tuple[int | None, str | None, str]]:
    """Label, split and method of every clip, by its key."""
    return {clip.key: (clip.label, clip.split, clip.method) for clip in reader.read(root).clips}


def progan(root: Path, train: str = "train", val: str = "val") -> Path:
    """Two categories; one is called as the split is."""
    return touch(
        root,
        *(
            f"{split}/{category}/{label}/{number:05d}.png"
            for split, numbers in ((train, (0, 1)), (val, (18000,)))
            for category in ("airplane", "train")
            for label in ("0_real", "1_fake")
            for number in numbers
        ),
    )


def forensynths(root: Path) -> Path:
    """A generator with classes, one without, and the faces."""
    return touch(
        root,
        *(f"stylegan/{name}/{label}/00001.png" for name in ("bedroom", "car") for label in ("0_real", "1_fake")),
        *(f"biggan/{label}/00001.png" for label in ("0_real", "1_fake")),
        "deepfake/0_real/000_470.png",
        "deepfake/1_fake/000_003.png",
    )


def ufd(root: Path) -> Path:
    """Two generators and the reals of both kinds."""
    return touch(root, "guided/1_fake/a.png", "ldm_200_cfg/1_fake/b.png", "imagenet/0_real/c.jpg", "laion/0_real/d.jpg")


def genimage(root: Path) -> Path:
    """One generator as its archive unpacks, one as the authors' readme has it."""
    return touch(
        root,
        *(
            f"{folder}/{part}/{label}"
            for folder in ("BigGAN/imagenet_ai_0419_biggan", "Stable Diffusion V1.5")
            for part in ("train", "val")
            for label in ("ai/0_a.png", "nature/n01440764_1.JPEG")
        ),
    )


def clipping(root: Path) -> Path:
    """Two test sets and the training set."""
    return touch(
        root,
        *(
            f"{part}/{label}/{number}.png"
            for part in ("eg3d/images/val", "progan/images/val", "progan_train/images/train", "progan_train/images/val")
            for label in ("n01440764", "n01443537")
            for number in (1, 2)
        ),
    )


def aigcdetect(root: Path) -> Path:
    """AIGIBench's form: a split at the top, and generators below."""
    return touch(
        root,
        *(f"test/{name}/{label}/1.png" for name in ("Midjourney-V6", "R3GAN") for label in ("0_real", "1_fake")),
        *(f"train/{name}/{label}/1.png" for name in ("car", "sdv1.4") for label in ("0_real", "1_fake")),
    )


TREES = {tree.__name__: tree for tree in (progan, forensynths, ufd, genimage, clipping, aigcdetect)}

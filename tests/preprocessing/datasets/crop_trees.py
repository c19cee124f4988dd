"""Miniatures of releases of face crops, with pictures small enough to be made by the hundred."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.crops import png, seed_of, write_crops, write_tar

# pairs 071/054 and 720/672 of FaceForensics++ are official train and val, 953/974 is test
FF = {"train": ("071", "054"), "val": ("720", "672"), "test": ("953", "974")}


def wilddeepfake(root: Path) -> Path:
    """Two videos of each split as tarballs, one folder with the space of the authors' description."""
    top = root / "deepfake_in_the_wild"
    for folder in ("real_train", "real_test", "fake train", "fake_test"):
        kind = folder[:4]
        for video in ("0", "1"):
            files = {
                f"./{video}/{kind}/{sequence}/{number}.png": png(
                    seed_of(top / folder / video / sequence) + number, kind == "fake"
                )
                for sequence in ("3", "12")
                for number in (9, 10, 100, 2)
            }
            write_tar(top / folder / f"{video}.tar.gz", files)
    return root


def df40(root: Path) -> Path:
    """Swaps of both domains, synthesised faces, methods with reals of their own, training fakes, and the reals."""
    fakes = (
        *("DF40/simswap/ff/frames/953_974", "DF40/simswap/cdf/frames/id1_id0_0007"),
        *("DF40/StyleGAN2/ff/953", "DF40/StyleGAN2/cdf/Fake_from_Celeb-real/id1_0007"),
        *("DF40/heygen/fake/frames/anna", "DF40_train/simswap/frames/071_054", "DF40_train/StyleGAN2/071"),
    )
    for folder in fakes:
        write_crops(root / folder, fake=True)
    (root / "DF40/simswap/ff/landmarks/953_974").mkdir(parents=True)
    (root / "DF40/simswap/ff/landmarks/953_974/000.npy").write_bytes(b"")
    write_crops(root / "DF40/MidJourney/fake", [1, 2], fake=True)
    write_crops(root / "DF40/stargan/real/real", [1])
    write_crops(root / "DF40/heygen/real/berta")
    for name in ("071", "953"):
        write_crops(root / "FaceForensics++/original_sequences/youtube/c23/frames" / name)
    write_crops(root / "Celeb-DF-v2/Celeb-real/frames/id1_0007")
    write_crops(root / "Celeb-DF-v2/YouTube-real/frames/00170")
    return root


def frames(root: Path) -> Path:
    """The published tree: five sources of FF, three of CDFv2, and lists for some."""
    for source in ("DF", "F2F", "FS", "NT"):
        for pair in FF.values():
            write_crops(root / "datasets/FF" / source / "_".join(pair), fake=True)
    for pair in FF.values():
        write_crops(root / "datasets/FF/real" / pair[0])
    write_crops(root / "datasets/CDFv2/Celeb-real/id1_0007")
    write_crops(root / "datasets/CDFv2/YouTube-real/00170")
    write_crops(root / "datasets/CDFv2/Celeb-synthesis/id1_id0_0007", fake=True)
    lists = root / "config/datasets/CDFv2"
    for split, source, video in (
        ("test", "Celeb-real", "id1_0007"),
        ("test", "Celeb-synthesis", "id1_id0_0007"),
        ("train", "YouTube-real", "00170"),
    ):
        path = lists / split / f"{source}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"datasets/CDFv2/{source}/{video}/{frame}.png\n" for frame in ("000", "010")))
    return root


def entry(label: str, folder: str, numbers: Any = range(0, 40, 10), separator: str = "/") -> dict[str, Any]:
    """A video's record of a DeepfakeBench list."""
    return {"label": label, "frames": [f"{folder}/{number:03d}.png".replace("/", separator) for number in numbers]}


def write_list(root: Path, name: str, content: Any) -> None:
    """Write ``dataset_json/<name>.json``."""
    path = root / "dataset_json" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def ff_folder(label: str, video: str) -> str:
    """Where DeepfakeBench keeps the crops of a video of FaceForensics++."""
    source = {"FF-real": "original_sequences/youtube"}.get(label)
    names = {"FF-DF": "Deepfakes", "FF-F2F": "Face2Face", "FF-FS": "FaceSwap", "FF-NT": "NeuralTextures"}
    return f"FaceForensics++/{source or f'manipulated_sequences/{names[label]}'}/c23/frames/{video}"


def deepfakebench(root: Path, prefix: str = "", separator: str = "/") -> Path:
    """FaceForensics++ c23 with its four methods, listed with the given folder before each path."""
    content: dict[str, Any] = {}
    for label in ("FF-real", "FF-DF", "FF-F2F", "FF-FS", "FF-NT"):
        for split, pair in FF.items():
            video = pair[0] if label == "FF-real" else "_".join(pair)
            folder = ff_folder(label, video)
            write_crops(root / "rgb" / folder, fake=label != "FF-real")
            videos = content.setdefault(label, {}).setdefault(split, {}).setdefault("c23", {})
            videos[video] = entry(label, prefix + folder, separator=separator)
    write_list(root, "FaceForensics++", {"FaceForensics++": content})
    return root

"""Miniatures of releases: the right names in the right folders; the files are empty, readers do not open them."""

from __future__ import annotations

from pathlib import Path


def touch(root: Path, *keys: str) -> Path:
    for key in keys:
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def ffpp(root: Path) -> Path:
    """Pair 071/054 is official train, 720/672 official val, 953/974 official test."""
    reals = [f"original_sequences/youtube/c23/videos/{name}.mp4" for name in ("071", "054", "720", "953")]
    fakes = [
        f"manipulated_sequences/{method}/c23/videos/{name}.mp4"
        for method in ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
        for name in ("071_054", "054_071", "720_672", "953_974")
    ]
    return touch(
        root,
        *reals,
        *fakes,
        "original_sequences/youtube/c0/videos/071.mp4",
        "manipulated_sequences/Deepfakes/masks/videos/071_054.mp4",
        "original_sequences/actors/c23/videos/01__meeting_serious.mp4",
        "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__meeting_serious__YVGY8LOK.mp4",
    )


def celebdf(root: Path) -> Path:
    touch(
        root,
        "Celeb-real/id1_0007.mp4",
        "Celeb-real/id2_0001.mp4",
        "YouTube-real/00170.mp4",
        "Celeb-synthesis/id1_id0_0007.mp4",
    )
    (root / "List_of_testing_videos.txt").write_text(
        "1 YouTube-real/00170.mp4\n1 Celeb-real/id1_0007.mp4\n0 Celeb-synthesis/id1_id0_0007.mp4\n"
    )
    return root

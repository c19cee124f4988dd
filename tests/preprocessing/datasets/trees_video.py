"""Miniatures of the releases of whole videos, with the lists that come with them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.preprocessing.datasets.trees import celebdf, touch


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def insert_videos(root: Path) -> Path:
    """File the tree as other toolkits want it: every video in a folder ``videos`` where it was."""
    for path in sorted(path for path in root.rglob("*.mp4")):
        inserted = path.parent / "videos"
        inserted.mkdir(exist_ok=True)
        path.rename(inserted / path.name)
    return root


def dfd(root: Path) -> Path:
    return touch(
        root,
        "original_sequences/actors/c23/videos/01__meeting_serious.mp4",
        "original_sequences/actors/c23/videos/01__kitchen_pan.mp4",
        "original_sequences/actors/c23/videos/02__meeting_serious.mp4",
        "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__meeting_serious__YVGY8LOK.mp4",
        "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__meeting_serious__A1B2C3D4.mp4",
        "manipulated_sequences/DeepFakeDetection/c23/videos/02_01__meeting_serious__YVGY8LOK.mp4",
        "manipulated_sequences/DeepFakeDetection/masks/videos/01_02__meeting_serious__YVGY8LOK.mp4",
    )


def celebdfpp(root: Path) -> Path:
    touch(
        root,
        "Celeb-real/id1_0007.mp4",
        "Celeb-real/id2_0001.mp4",
        "YouTube-real/00170.mp4",
        "YouTube-real/00001.mp4",
        "Celeb-synthesis/FaceSwap/Celeb-DF/id1_id0_0007.mp4",
        "Celeb-synthesis/FaceSwap/SimSwap/id1_id0_0007.mp4",
        "Celeb-synthesis/FaceSwap/SimSwap/id2_id0_0001.mp4",
        "Celeb-synthesis/FaceReenact/LivePortrait/id1_id0_0007.mp4",
        "Celeb-synthesis/TalkingFace/IP_LAP/id1_0007_test_00012.mp4",
    )
    lines = (
        "1 Celeb-real/id1_0007.mp4",
        "1 YouTube-real/00170.mp4",
        "0 Celeb-synthesis/FaceSwap/Celeb-DF/id1_id0_0007.mp4",
        "0 Celeb-synthesis/FaceSwap/SimSwap/id1_id0_0007.mp4",
        "0 Celeb-synthesis/FaceReenact/LivePortrait/id1_id0_0007.mp4",
        "0 Celeb-synthesis/TalkingFace/IP_LAP/id1_0007_test_00012.mp4",
    )
    write(root, "List_of_testing_videos.txt", "\n".join(lines) + "\n")
    return root


def uadfv(root: Path) -> Path:
    return touch(root, "real/0000.mp4", "real/0001.mp4", "fake/0000_fake.mp4", "fake/0001_fake.mp4")


def ffiw(root: Path) -> Path:
    """The same file names in all three splits, as nothing forbids."""
    return touch(
        root,
        *(
            f"{archive}/{folder}/{split}/{name}.mp4"
            for archive, splits in (("FFIW10K-v1-release", ("train", "val")), ("FFIW10K-v1-release-test", ("test",)))
            for split in splits
            for folder in ("source", "target", "target_mask")
            for name in ("00000000", "00000001")
        ),
    )


DFDCP = {
    "original_videos/1260311/1260311_C_001.mp4": ("real", "train", "1260311", None),
    "method_A/1260311/1260311_C/643049_1260311_C_001.mp4": ("fake", "train", "1260311", "643049"),
    "method_B/1260311/1260311_C/643049_1260311_C_001.mp4": ("fake", "train", "1260311", "643049"),
    "original_videos/1224068/1224068_A_000.mp4": ("real", "test", "1224068", None),
    "method_A/1224068/1224068_A/1255229_1224068_A_000.mp4": ("fake", "test", "1224068", "1255229"),
}


def dfdcp(root: Path) -> Path:
    columns = ("label", "set", "target_id", "swapped_id")
    write(root, "dataset.json", json.dumps({key: dict(zip(columns, row, strict=True)) for key, row in DFDCP.items()}))
    return touch(root, *DFDCP)


def dfdc(root: Path) -> Path:
    """Two training parts, the test set in sub-folders under its list, the validation set beside its own."""
    fake = {"label": "FAKE", "split": "train"}
    parts = {
        "dfdc_train_part_0": {
            "aaaaaaaaaa.mp4": fake | {"original": "cccccccccc.mp4"},
            "bbbbbbbbbb.mp4": fake | {"original": "cccccccccc.mp4"},
            "cccccccccc.mp4": {"label": "REAL", "split": "train", "original": None},
        },
        "dfdc_train_part_1": {"dddddddddd.mp4": {"label": "REAL", "split": "train"}},
    }
    for part, entries in parts.items():
        touch(root, *(f"{part}/{name}" for name in entries))
        write(root, f"{part}/metadata.json", json.dumps(entries))
    touch(root, "test/0/eeeeeeeeee.mp4", "test/1/ffffffffff.mp4")
    write(root, "labels.csv", "filename,label\neeeeeeeeee.mp4,0\nffffffffff.mp4,1\n")
    touch(root, "validation/gggggggggg.mp4", "validation/hhhhhhhhhh.mp4")
    write(root, "validation/labels.csv", "filename,label\ngggggggggg.mp4,1\nhhhhhhhhhh.mp4,0\n")
    return root


VARIANTS = (
    *("end_to_end", "reenact_postprocess", "end_to_end_random_level"),
    *(f"end_to_end_level_{level}" for level in (1, 2, 3, 4, 5)),
    *(f"end_to_end_mix_{number}_distortions" for number in (2, 3, 4)),
)


def deeperforensics(root: Path) -> Path:
    """Actor M101 is training's, W006 validation's, W136 the test's."""
    fakes = {"train": ("000_M101", "071_M101"), "val": ("100_W006",), "test": ("980_W136",)}
    for split, names in fakes.items():
        write(root, f"lists/splits/{split}.txt", "".join(f"{name}.mp4\n" for name in names))
        touch(root, *(f"manipulated_videos/{variant}/{name}.mp4" for variant in VARIANTS for name in names))
    for actor in ("M101", "W006", "W136"):
        touch(
            root,
            f"source_videos/{actor}/light_up/surprise/camera_down/{actor}_light_up_surprise_camera_down.mp4",
            f"source_videos/{actor}/BlendShape/camera_front/{actor}_BlendShape_camera_front.mp4",
        )
    extra = "source_videos/M101/BlendShape_extra/light_up/camera_front"
    return touch(root, f"{extra}/M101_BlendShape_extra_light_up_camera_front.mp4")


FAKEAVCELEB = (
    ("-,-,real,A,RealVideo-RealAudio", "00109.mp4"),
    ("fake.mp4,-,rtvc,B,RealVideo-FakeAudio", "00109_fake.mp4"),
    ("1,-,faceswap,C,FakeVideo-RealAudio", "00109_1.mp4"),
    ("id00476,-,wav2lip,C,FakeVideo-RealAudio", "00109_id00476_wavtolip.mp4"),
    ("id00476,-,wav2lip,D,FakeVideo-FakeAudio", "00109_id00476_wavtolip.mp4"),
    ("id04727,id00166,fsgan-wav2lip,D,FakeVideo-FakeAudio", "00109_id04727_AAnyugIAXao_id00166_wavtolip.mp4"),
    # the release's list really names some files twice, with another method
    ("id00476,-,faceswap-wav2lip,D,FakeVideo-FakeAudio", "00109_id00476_wavtolip.mp4"),
)


def fakeavceleb(root: Path, *people: str) -> Path:
    """One person unless told otherwise; the file names of one are those of another, too."""
    lines = ["source,target1,target2,method,category,type,race,gender,path,"]
    for person in people or ("id00076",):
        for columns, name in FAKEAVCELEB:
            folder = f"{columns.split(',')[-1]}/Asian (East)/men/{person}"
            touch(root, f"{folder}/{name}")
            lines.append(f"{person},{columns},Asian (East),men,{name},FakeAVCeleb/{folder}")
    write(root, "meta_data.csv", "\n".join(lines) + "\n")
    return root


DEEPSPEAK_SPLIT = "identity,split\n10,train\n11,test\n87,train\n"


def deepspeak(root: Path) -> Path:
    """Three people; filed by engine as some do, the lists beside."""
    touch(root, *(f"real/{name}.mp4" for name in ("87-0", "11-4897", "10-4100")))
    touch(
        root,
        "FaceFusion/facefusion--10-11--4100-4897--0.mp4",
        "FaceFusion_GAN/facefusion_gan--11-10--4897-4100--0.mp4",
        "wav2lip/wav2lip--10-87--4100-0--0.mp4",
    )
    write(root, "annotations-split-def.csv", DEEPSPEAK_SPLIT)
    return root


DEEPSPEAK2_FAKES = (
    "video-file,kind,engine,identity-source,identity-target,recording-source,recording-target,audio-config\n"
    "diff2lip-4100-0-playht.mp4,lip-sync,diff2lip,10,87,4100,0,playht\n"
    "facefusion-4100-4897-real.mp4,face-swap,facefusion,10,11,4100,4897,real\n"
    "memo-0-4897-elevenlabs.mp4,avatar,memo,87,11,0,4897,elevenlabs\n"
)


def deepspeak2(root: Path) -> Path:
    """As the archives of the hub may be unpacked: numbered folders that say nothing."""
    touch(root, *(f"data/0/{name}.mp4" for name in ("87-0", "11-4897", "10-4100")))
    fakes = ("diff2lip-4100-0-playht", "facefusion-4100-4897-real", "memo-0-4897-elevenlabs")
    touch(root, *(f"data/1/{name}.mp4" for name in fakes))
    write(root, "annotations-split-def.csv", DEEPSPEAK_SPLIT)
    write(root, "annotations-fake.csv", DEEPSPEAK2_FAKES)
    return root


TREES = {
    "celebdf": celebdf,
    "celebdf1": celebdf,
    "celebdfpp": celebdfpp,
    "deeperforensics": deeperforensics,
    "deepspeak": deepspeak,
    "deepspeak2": deepspeak2,
    "dfd": dfd,
    "dfdc": dfdc,
    "dfdcp": dfdcp,
    "fakeavceleb": fakeavceleb,
    "ffiw": ffiw,
    "uadfv": uadfv,
}

import json
from pathlib import Path

import numpy as np
import pytest

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.store import FaceStore
from preprocessing.video import Sampling
from tests.crops import crop, png, seed_of, state, write_crops, write_tar

ALL = Recipe.of_release("frames", Sampling("uniform", 100))


def clip(path: Path, member: str | None = None) -> Clip:
    return Clip(path, path.name, "frames", "DF", 1, "train", "000", path.name, member=member)


def frames_of(path: Path, sampling: str) -> list[int]:
    return [
        face.frame for face in extract_clip(clip(path), Recipe.of_release("frames", Sampling.parse(sampling))).faces
    ]


def test_the_crops_come_as_they_are_one_person_and_the_face_the_whole_picture(tmp_path):
    found = extract_clip(clip(write_crops(tmp_path / "000_003")), ALL)
    assert (found.outcome, found.requested, found.decoded, found.with_face) == ("ok", 4, 4, 4)
    assert [(face.frame, face.track, face.main) for face in found.faces] == [(n, 0, True) for n in (0, 10, 20, 30)]
    np.testing.assert_array_equal(found.faces[1].image, crop(seed_of(tmp_path / "000_003") + 10))
    assert found.faces[0].face.box.tolist() == [0, 0, 47, 47]


def test_what_the_release_does_not_tell_is_not_made_up(tmp_path):
    face = extract_clip(clip(write_crops(tmp_path / "000_003")), ALL).faces[0]
    assert (face.time, face.face.landmarks, face.face.confidence, face.quality.inter_eye) == (None,) * 4
    assert face.quality.side == 47
    assert face.quality.sharpness > 0
    assert 40 < face.quality.brightness < 216


def test_uniform_is_spread_over_the_clip_and_not_its_first_frames(tmp_path):
    write_crops(tmp_path / "v", range(270))
    # 270 frames of which 4 are wanted: DeepfakeBench takes 0, 1, 2, 3
    assert frames_of(tmp_path / "v", "uniform:4") == [0, 90, 179, 269]


def test_numbers_are_sorted_as_numbers(tmp_path):
    (tmp_path / "v").mkdir()
    for number in (2, 10, 100, 9):
        (tmp_path / "v" / f"{number}.png").write_bytes(png(number))
    assert frames_of(tmp_path / "v", "uniform:4") == [2, 9, 10, 100]


def test_an_unreadable_crop_is_recorded_with_its_reason_and_the_rest_stays(tmp_path):
    folder = write_crops(tmp_path / "v", range(20))
    (folder / "004.png").write_bytes(b"not a picture")
    (folder / "010.png").write_bytes(png(1)[:-40])
    found = extract_clip(clip(folder), ALL)
    assert found.outcome == "ok"
    assert sorted(found.failed) == [4, 10]
    assert "004.png is no picture" in found.failed[4]
    assert "010.png is a damaged picture" in found.failed[10]
    assert [face.frame for face in found.faces] == [n for n in range(20) if n not in (4, 10)]
    # nothing stands in for them, least of all the first crop
    assert all(np.array_equal(face.image, crop(seed_of(folder) + face.frame)) for face in found.faces)


def test_spread_takes_another_crop_for_one_that_cannot_be_read(tmp_path):
    folder = write_crops(tmp_path / "v", range(9))
    (folder / "004.png").write_bytes(b"")
    assert frames_of(folder, "spread:3") == [0, 2, 8]


def test_many_unreadable_crops_are_a_shortfall_and_none_readable_is_an_error(tmp_path):
    folder = write_crops(tmp_path / "v", range(4))
    (folder / "001.png").write_bytes(b"?")
    found = extract_clip(clip(folder), ALL)
    assert (found.outcome, found.reason) == ("decode_shortfall", "1 of 4 frames asked for could not be decoded")
    for path in folder.iterdir():
        path.write_bytes(b"?")
    with pytest.raises(FacefakeError, match="not one of the 4 crops") as caught:
        extract_clip(clip(folder), ALL)
    assert caught.value.code == "crops_invalid"


def test_a_folder_inside_a_tarball_gives_what_the_folder_gives(tmp_path):
    folder = write_crops(tmp_path / "v", range(5))
    files = {f"./7/real/v/{path.name}": path.read_bytes() for path in folder.iterdir()}
    packed = extract_clip(clip(write_tar(tmp_path / "7.tar.gz", files), "7/real/v"), ALL)
    plain = extract_clip(clip(folder), ALL)
    assert [face.frame for face in packed.faces] == [face.frame for face in plain.faces]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(packed.faces, plain.faces, strict=True))
    assert packed.info == plain.info


def test_a_crop_too_small_to_hold_a_face_is_not_one(tmp_path):
    folder = write_crops(tmp_path / "v", range(20))
    (folder / "003.png").write_bytes(png(3, side=8))
    found = extract_clip(clip(folder), ALL)
    assert "too small" in found.failed[3]


def test_the_raw_data_is_never_written_to(tmp_path):
    write_crops(tmp_path / "raw" / "v")
    before = state(tmp_path / "raw")
    store = FaceStore.open_or_create(tmp_path / "store", ALL)
    store.add(clip(tmp_path / "raw" / "v"), extract_clip(clip(tmp_path / "raw" / "v"), ALL), ALL)
    store.compile()
    assert state(tmp_path / "raw") == before


def test_the_store_keeps_unknowns_as_null_and_says_whose_crops_they_are(tmp_path):
    store = FaceStore.open_or_create(tmp_path / "store", ALL)
    taken = clip(write_crops(tmp_path / "v"))
    store.add(taken, extract_clip(taken, ALL), ALL)
    store.compile()
    row = store.manifest().to_pylist()[0]
    assert [row[name] for name in ("time", "landmarks", "confidence", "inter_eye")] == [None] * 4
    assert (row["face_detector"], row["decoder"]) == ("unknown", "pillow")
    assert json.loads(row["geometry"]) == {"template": "frames", "scale": 1.0, "size": None}


def test_deepfakebench_crops_are_arcface_crops_by_another_face_detector():
    recipe = Recipe.of_release("deepfakebench", Sampling("spread", 32))
    assert recipe.geometry == CropGeometry("arcface", 1.3, 256)
    assert (recipe.face_detector, recipe.released) == ("dlib", True)
    assert not Recipe(geometry=CropGeometry("arcface", 1.3, 256)).released


@pytest.mark.parametrize("rule", ["fps:2", "keyframes"])
def test_a_rule_that_needs_times_is_refused(rule):
    with pytest.raises(FacefakeError, match="no time and no keyframes") as caught:
        Recipe.of_release("wilddeepfake", Sampling.parse(rule))
    assert caught.value.code == "usage"


def test_no_face_is_cut_out_of_a_video_like_crops_nobody_knows_how_to_make():
    with pytest.raises(FacefakeError, match="wilddeepfake") as caught:
        Recipe(geometry=CropGeometry("wilddeepfake", 1.0, 224))
    assert caught.value.code == "crop_mismatch"

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut

from preprocessing.clip import Clip
from preprocessing.corruptions import Corruption
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.faces import WHOLE, CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.store import FaceStore
from preprocessing.video import Sampling
from tests.clips import write_video

BLURRED = Recipe(corruption=Corruption.parse("blur:4"))


def test_a_corruption_is_part_of_the_hash_and_its_absence_is_not():
    assert len({Recipe().hash, BLURRED.hash, replace(BLURRED, corruption=Corruption.parse("blur:5")).hash}) == 3
    assert BLURRED.to_dict()["corruption"] == "blur:4"
    assert "corruption" not in Recipe().to_dict()


def test_clean_and_corrupted_crops_never_share_a_store(tmp_path):
    for name, (made, asked) in {"one": (BLURRED, Recipe()), "two": (Recipe(), BLURRED)}.items():
        FaceStore.open_or_create(tmp_path / name, made)
        with pytest.raises(FacefakeError, match="corruption") as caught:
            FaceStore.open_or_create(tmp_path / name, asked)
        assert caught.value.code == "store_recipe_mismatch"


def test_a_face_detector_is_known_by_its_weights_and_where_it_lies_travels_beside():
    one, two = (Recipe().with_face_detector("scrfd-1a2b3c4d5e6f", Path(place)) for place in ("/a.onnx", "/b.onnx"))
    assert one == two
    assert one.hash == two.hash != Recipe().hash
    assert Recipe().with_face_detector("scrfd-000000000000", Path("/a.onnx")).hash != one.hash
    assert Recipe.from_dict(one.to_dict()) == one
    assert replace(one, decoder="pyav").face_detector_file == Path("/a.onnx")


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe.of_pictures(CropGeometry("squash", 1, 224), Sampling("uniform", 8)),
        Recipe.of_release("frames", Sampling("uniform", 8)),
    ],
)
def test_where_nobody_looks_for_faces_a_face_detector_is_refused(recipe):
    with pytest.raises(FacefakeError, match="no faces are looked for") as caught:
        recipe.with_face_detector("mtcnn", None)
    assert caught.value.code == "usage"


@pytest.fixture(scope="module")
def face(tmp_path_factory):
    """A clip that shows one face."""
    portrait = np.ascontiguousarray(astronaut()[:320, 60:380])
    path = write_video(tmp_path_factory.mktemp("face") / "face.mp4", [portrait] * 4, 4)
    return Clip(path, "face.mp4", "folder", "unknown", None, None, None, "face")


@pytest.mark.parametrize("text", ["blur:4", "h264:45", "height:160"])
def test_frames_are_corrupted_before_faces_are_looked_for(face, text):
    few = Recipe(sampling=Sampling("uniform", 2))
    clean = extract_clip(face, few, "cpu")
    harmed = extract_clip(face, replace(few, corruption=Corruption.parse(text)), "cpu")
    assert [crop.frame for crop in harmed.faces] == [crop.frame for crop in clean.faces] == [0, 3]
    for before, after in zip(clean.faces, harmed.faces, strict=True):
        assert after.quality.sharpness < 0.9 * before.quality.sharpness
    if text == "height:160":
        assert harmed.info.height == 160
        assert harmed.faces[0].quality.side == pytest.approx(clean.faces[0].quality.side / 2, rel=0.05)


def whole(template: str = "resize-crop", corruption: str | None = None) -> Recipe:
    geometry = CropGeometry(template, 1, 224)
    return Recipe.of_pictures(geometry, Sampling("uniform", 8), Corruption.parse(corruption) if corruption else None)


@pytest.mark.parametrize("template", WHOLE)
def test_a_recipe_of_whole_pictures_survives_being_written_down(template):
    recipe = whole(template, "jpeg:50")
    again = Recipe.from_dict(recipe.to_dict())
    assert again == recipe
    assert (again.hash, again.whole, again.released, again.face_detector) == (recipe.hash, True, False, "none")


def test_each_way_to_take_a_picture_whole_has_a_hash_of_its_own():
    recipes = [*map(whole, WHOLE), whole(corruption="jpeg:50"), Recipe()]
    recipes.append(replace(whole(), geometry=CropGeometry("resize-crop", 256 / 224, 224)))
    assert len({recipe.hash for recipe in recipes}) == len(recipes)


@pytest.mark.parametrize(
    ("geometry", "face_detector"),
    [(CropGeometry("squash", 1, 224), "mtcnn"), (CropGeometry(), "none"), (CropGeometry("frames", 1), "none")],
)
def test_faces_and_whole_pictures_do_not_share_a_recipe(geometry, face_detector):
    with pytest.raises(FacefakeError) as caught:
        Recipe(geometry=geometry, face_detector=face_detector)
    assert caught.value.code == "crop_mismatch"

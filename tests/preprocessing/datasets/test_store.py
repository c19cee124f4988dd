import json

import pytest

from preprocessing.datasets import frames, get_reader
from preprocessing.errors import FacefakeError
from preprocessing.recipe import Recipe
from preprocessing.run import extract_clips
from preprocessing.store import FaceStore
from preprocessing.video import Sampling
from tests.crops import state
from tests.preprocessing.datasets import crop_trees

RECIPE = Recipe.of_release("frames", Sampling("uniform", 4))
READER = get_reader("store")


@pytest.fixture
def made(tmp_path):
    """The clips of a tree of crops and the store that was made of them, one of them broken."""
    root = crop_trees.frames(tmp_path / "raw")
    for path in (root / "datasets" / "FF" / "NT" / "071_054").iterdir():
        path.write_bytes(b"?")
    clips = frames.READER.read(root).clips
    extract_clips(clips, FaceStore.open_or_create(tmp_path / "store", RECIPE), RECIPE)
    return clips, tmp_path / "store"


def test_the_clips_are_those_it_was_made_of_as_their_data_set_names_them(made):
    clips, store = made

    def facts(clips):
        return [
            (c.dataset, c.key, c.method, c.label, c.split, c.pair, c.compression, c.identities, c.name) for c in clips
        ]

    assert facts(READER.read(store).clips) == facts(clips)


def test_each_clip_is_at_its_folder_of_crops(made):
    _, store = made
    for clip in READER.read(store).clips:
        assert (clip.path / "clip.json").is_file()


def test_a_clip_that_failed_is_still_one(made):
    _, store = made
    outcomes = dict(zip(*(FaceStore(store).clips()[name].to_pylist() for name in ("clip", "outcome")), strict=True))
    assert outcomes["FF/NT/071_054"] == "crops_invalid"
    assert "FF/NT/071_054" in {clip.key for clip in READER.read(store).clips}


def test_reading_writes_nothing(made):
    _, store = made
    before = state(store)
    READER.read(store)
    assert state(store) == before


def test_a_folder_that_is_none_or_damaged_says_so(tmp_path, made):
    _, store = made
    with pytest.raises(FacefakeError) as missing:
        READER.read(tmp_path)
    (store / "clips.parquet").write_bytes(b"")
    with pytest.raises(FacefakeError) as damaged:
        READER.read(store)
    assert (missing.value.code, damaged.value.code) == ("store_missing", "store_damaged")
    assert json.loads((store / "recipe.json").read_text())["face_detector"] == "unknown"

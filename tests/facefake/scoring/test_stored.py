import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from facefake.scoring import ScoringRules
from facefake.scoring.stored import score_store
from preprocessing.clip import Clip
from preprocessing.corruptions import Corruption, seed_of
from preprocessing.recipe import Recipe
from preprocessing.run import extract_clips
from preprocessing.store import FaceStore


class Keeper:
    """Calls everything undecided and keeps the crops it was shown."""

    def __init__(self):
        self.seen = []

    def score(self, crops):
        self.seen += crops
        return np.full(len(crops), 0.5)

    def check_geometry(self, geometry):
        pass


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "astronaut.png"
    Image.fromarray(astronaut()).save(path)
    return Clip(path, "astronaut.png", "folder", "unknown", 0, None, None, "astronaut")


@pytest.fixture(scope="module")
def store(tmp_path_factory, clip):
    store = FaceStore.open_or_create(tmp_path_factory.mktemp("store") / "store", Recipe())
    extract_clips([clip], store, Recipe(), timeout=120)
    return store


def scored(clip, store, text=None, **options):
    keeper = Keeper()
    (result,) = score_store(
        [clip], keeper, store, corruption=Corruption.parse(text) if text else None, rules=ScoringRules(**options)
    )
    return result, keeper.seen


def test_crops_are_corrupted_as_they_are_scored_and_stay_clean_in_the_store(clip, store):
    _, clean = scored(clip, store)
    result, noisy = scored(clip, store, "noise:20")
    expected = Corruption("noise", 20).at_crop(clean[0], seed_of("astronaut.png", 0, 0))
    assert (noisy[0] == expected).all()
    assert (scored(clip, store)[1][0] == clean[0]).all()
    assert (scored(clip, store, "noise:20")[1][0] == noisy[0]).all()
    assert result.status == "scored"


def test_a_face_blurred_beyond_judging_is_inconclusive(clip, store):
    assert scored(clip, store, "blur:1")[0].status == "scored"
    assert scored(clip, store, "blur:20")[0].reason == "faces_blurred"
    assert scored(clip, store, "brightness:0.05")[0].reason == "faces_blurred"  # what is dark has no edges either


def test_a_corruption_of_videos_is_refused_for_crops(clip, store):
    result, _ = scored(clip, store, "h264:40")
    assert result.error.code == "corruption_invalid"

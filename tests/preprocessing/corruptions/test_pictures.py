import io

import cv2
import numpy as np
import pytest
from PIL import Image

from preprocessing.corruptions import KINDS, Corruption, seed_of
from preprocessing.errors import FacefakeError
from tests.clips import numbered_frame

PICTURE_KINDS = [name for name, kind in KINDS.items() if kind.of == "picture"]


@pytest.fixture
def picture():
    """Colour edges, a ramp and grain: something to lose for every corruption."""
    rgb = numbered_frame(37).astype(np.int64)
    rgb[:48] += np.linspace(-30, 30, 160).astype(np.int64)[None, :, None]
    rgb += np.random.default_rng(0).integers(-20, 20, rgb.shape)
    return rgb.clip(0, 255).astype(np.uint8)


def corrupted(text, picture, seed=0):
    return Corruption.parse(text).at_crop(picture, seed)


@pytest.mark.parametrize(
    "text",
    ["jpeg:30", "webp:30", "blur:2", "noise:10", "resize:0.25", "brightness:0.5", "contrast:0.5", "brightness:1.5"],
)
def test_each_kind_changes_the_picture_and_neither_its_form_nor_what_was_given(picture, text):
    before = picture.copy()
    after = corrupted(text, picture)
    assert after.shape == picture.shape
    assert after.dtype == np.uint8
    assert (after != before).mean() > 0.5
    assert (picture == before).all()
    assert (corrupted(text, picture) == after).all()


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.neutral is not None])
def test_the_neutral_level_changes_nothing(picture, name):
    assert (corrupted(f"{name}:{KINDS[name].neutral}", picture, seed=3) == picture).all()


@pytest.mark.parametrize("quality", [1, 30, 75, 100])
@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_compression_is_pillows_own(picture, form, quality):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, quality=quality)
    assert (corrupted(f"{form}:{quality}", picture) == np.asarray(Image.open(file))).all()


@pytest.mark.parametrize(("form", "longest"), [("jpeg", 65500), ("webp", 16383)])
def test_what_is_too_large_for_the_form_is_refused_in_words(form, longest):
    corrupted(f"{form}:80", np.zeros((1, longest, 3), np.uint8))
    with pytest.raises(FacefakeError, match=rf"{longest + 1}x1 pixels cannot be {form.upper()}"):
        corrupted(f"{form}:80", np.zeros((1, longest + 1, 3), np.uint8))


def test_blur_is_opencvs_gaussian_and_spreads_a_point_by_its_sigma(picture):
    assert (corrupted("blur:1.5", picture) == cv2.GaussianBlur(picture, (0, 0), 1.5)).all()
    point = np.zeros((41, 41, 3), np.uint8)
    point[20, 20] = 255
    spread = corrupted("blur:1.2", point)[20, :, 0].astype(float)
    variance = ((np.arange(41) - 20) ** 2 * spread).sum() / spread.sum()
    assert variance == pytest.approx(1.2**2, rel=0.1)  # the tail is cut at half a level of 255


def test_noise_has_the_deviation_asked_for_and_hangs_on_its_seed():
    grey = np.full((200, 200, 3), 128, np.uint8)
    first, second = (corrupted("noise:12", grey, seed).astype(float) - 128 for seed in (1, 2))
    assert first.std() == pytest.approx(12, rel=0.02)
    assert abs(first.mean()) < 0.2
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02
    assert (corrupted("noise:12", grey, 1) == first + 128).all()


def test_noise_is_clipped_and_never_wraps():
    assert corrupted("noise:20", np.full((50, 50, 3), 250, np.uint8)).min() > 120
    assert corrupted("noise:20", np.full((50, 50, 3), 5, np.uint8)).max() < 130


def test_the_seed_is_anothers_for_every_clip_frame_and_person():
    seeds = {seed_of(key, frame, track) for key in ("a.mp4", "b.mp4") for frame in (0, 1) for track in (0, 1)}
    assert len(seeds) == 8
    assert seed_of("a.mp4", 7) == seed_of("a.mp4", 7, 0)
    assert seed_of("caf\udce9.mp4", 0) > 0  # a name that is not UTF-8


def test_resize_loses_what_is_finer_than_its_share_and_keeps_the_rest():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    assert corrupted("resize:0.5", stripes).std() < 1
    broad = np.zeros((64, 64, 3), np.uint8)
    broad[:, :32] = 200
    after = corrupted("resize:0.5", broad)
    assert (after[:, :28] == 200).all()
    assert (after[:, 36:] == 0).all()


def test_brightness_multiplies_and_clips(picture):
    assert (corrupted("brightness:0", picture) == 0).all()
    brighter = corrupted("brightness:2", picture)
    assert (brighter == np.minimum(2 * picture.astype(int), 255)).all()


def test_contrast_pulls_towards_the_mean_grey(picture):
    flat = corrupted("contrast:0", picture)
    assert flat.std() == 0
    assert flat[0, 0, 0] == pytest.approx(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).mean(), abs=1)
    assert corrupted("contrast:0.5", picture).std() == pytest.approx(picture.std() / 2, rel=0.1)


@pytest.mark.parametrize("name", PICTURE_KINDS)
def test_a_text_reads_back(name):
    level = KINDS[name].high
    assert Corruption.parse(str(Corruption(name, level))) == Corruption(name, level)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jepg:30", "did you mean 'jpeg'"),
        ("grain:3", "no corruption is called 'grain'"),
        ("jpeg:0", "no level 0"),
        ("jpeg:101", "no level 101"),
        ("jpeg:30.5", "no level 30.5"),
        ("jpeg", "no level nan"),
        ("blur:-1", "no level -1"),
        ("blur:inf", "no level inf"),
        ("blur:much", "no level nan"),
        ("h264:52", "no level 52"),
        ("", "no corruption is called ''"),
    ],
)
def test_what_does_not_exist_is_refused_and_the_known_named(text, words):
    with pytest.raises(FacefakeError, match=words) as caught:
        Corruption.parse(text)
    assert caught.value.code == "corruption_invalid"
    assert "jpeg" in caught.value.hint or " from " in caught.value.hint


@pytest.mark.parametrize("text", ["h264:30", "hevc:30", "fps:5", "height:360"])
def test_what_is_done_to_videos_is_refused_for_a_crop(picture, text):
    with pytest.raises(FacefakeError, match="not to single pictures") as caught:
        corrupted(text, picture)
    assert caught.value.code == "corruption_invalid"

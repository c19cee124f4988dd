"""Whole pictures from files, Parquet rows and videos to the squares a backbone sees."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from facefake.scoring.score import extracted
from preprocessing.clip import Clip
from preprocessing.corruptions import Corruption, seed_of
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.faces import WHOLE, CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.video import Limits, Sampling
from preprocessing.views import views
from preprocessing.whole import read_picture
from tests.clips import cut, numbered_frame, read_number, write_video

SQUASH = CropGeometry("squash", 1, 64)
NOISE = np.random.default_rng(0).integers(0, 256, (100, 150, 3), np.uint8)


def clip_of(path, member=None):
    return Clip(path, path.name, "folder", "unknown", None, None, None, path.name, member=member)


def whole(path, geometry=SQUASH, sampling="spread:4", corruption=None, member=None, limits=None):
    corrupted = Corruption.parse(corruption) if corruption else None
    recipe = Recipe.of_pictures(geometry, Sampling.parse(sampling), corrupted)
    return extract_clip(clip_of(path, member), recipe, limits=limits)


def refusal(path, **settings):
    with pytest.raises(FacefakeError) as caught:
        whole(path, **settings)
    return caught.value.code


@pytest.fixture
def noise(tmp_path):
    Image.fromarray(NOISE).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"


@pytest.mark.parametrize("template", WHOLE)
def test_a_picture_is_one_person_with_a_crop_for_each_view(noise, template):
    geometry = CropGeometry(template, 1, 64)
    found = whole(noise, geometry)
    assert (found.info.container, found.info.width, found.info.height) == ("png", 150, 100)
    assert (found.decoder, found.outcome, found.reason, found.failed) == ("pillow", "ok", None, {})
    assert (found.requested, found.decoded, found.with_face) == (1, 1, 1)
    assert len(found.faces) == (5 if template == "five-crop" else 1)
    for face, (box, square) in zip(found.faces, views(NOISE, geometry), strict=True):
        assert (face.frame, face.time, face.track, face.main) == (0, 0.0, 0, True)
        assert (face.face.landmarks, face.face.confidence) == (None, None)
        np.testing.assert_array_equal(face.face.box, box)
        np.testing.assert_array_equal(face.image, square)


@pytest.mark.parametrize(
    ("sampling", "frames"),
    [("spread:4", [0, 3, 6, 12]), ("uniform:3", [0, 6, 12]), ("fps:5", [0, 5, 10]), ("keyframes", [0, 12])],
)
def test_of_a_video_just_the_sampled_frames_are_taken(tmp_path, sampling, frames):
    path = write_video(tmp_path / "clip.mp4", 13, gop=12)
    found = whole(path, sampling=sampling)
    assert [face.frame for face in found.faces] == frames
    assert [face.time for face in found.faces] == pytest.approx([frame / 25 for frame in frames], abs=1e-3)
    assert [read_number(face.image) for face in found.faces] == frames
    assert (found.requested, found.decoded, found.with_face) == (len(frames),) * 3
    assert {face.image.shape for face in found.faces} == {(64, 64, 3)}


def test_of_a_video_that_was_cut_off_the_shortfall_is_said(tmp_path):
    path = write_video(tmp_path / "clip.avi", 60, codec="mpeg4", container="avi")
    found = whole(cut(path, 0.6), sampling="uniform:16")
    assert found.outcome == "decode_shortfall"
    assert found.faces


def test_a_corruption_acts_on_the_picture_and_not_on_what_is_seen_of_it(noise):
    corruption = Corruption.parse("noise:20")
    expected = corruption.at_crop(NOISE, seed_of("noise.png", 0))
    [face] = whole(noise, corruption="noise:20").faces
    np.testing.assert_array_equal(face.image, views(expected, SQUASH)[0][1])


def test_frames_of_a_video_are_corrupted_too(tmp_path):
    path = write_video(tmp_path / "clip.mp4", 4)
    for before, after in zip(whole(path).faces, whole(path, corruption="blur:3").faces, strict=True):
        assert after.quality.sharpness < 0.5 * before.quality.sharpness


def test_a_corruption_of_videos_is_none_of_a_picture(noise):
    assert refusal(noise, corruption="h264:40") == "corruption_invalid"


def test_a_picture_of_under_sixteen_pixels_is_too_small(tmp_path):
    Image.new("RGB", (300, 15)).save(tmp_path / "thin.png")
    assert refusal(tmp_path / "thin.png") == "too_small"
    Image.new("RGB", (300, 16)).save(tmp_path / "enough.png")
    assert whole(tmp_path / "enough.png").outcome == "ok"


def test_a_turned_picture_is_seen_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = numbered_frame(77)
    Image.fromarray(np.ascontiguousarray(np.rot90(upright))).save(tmp_path / "turned.png", exif=exif)
    [face] = whole(tmp_path / "turned.png").faces
    np.testing.assert_array_equal(face.image, views(upright, SQUASH)[0][1])
    np.testing.assert_array_equal(read_picture(tmp_path / "turned.png"), upright)


def png(rgb):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def table(tmp_path):
    rows = [png(numbered_frame(number)) for number in range(5)] + [b"", b"no picture", png(NOISE)[:500]]
    table = pa.table({"image_data": pa.array(rows, pa.binary()), "label": [0] * len(rows)})
    pq.write_table(table, tmp_path / "some.parquet")
    return tmp_path / "some.parquet"


def test_a_row_of_a_table_is_a_picture(table):
    found = whole(table, member="3")
    assert (found.info.container, found.info.width, found.decoder) == ("png", 160, "pillow")
    assert read_number(found.faces[0].image) == 3
    np.testing.assert_array_equal(read_picture(table, "4"), numbered_frame(4))


@pytest.mark.parametrize(("row", "code"), [("5", "empty_file"), ("6", "not_a_video"), ("7", "unreadable")])
def test_what_is_wrong_with_a_row_is_said_of_the_row(table, row, code):
    with pytest.raises(FacefakeError, match=rf"some\.parquet, row {row}") as caught:
        whole(table, member=row)
    assert caught.value.code == code


def test_limits_hold_for_files_and_rows(noise, table):
    few = Limits(still_pixels=1000)
    assert refusal(noise, limits=few) == "too_large"
    assert refusal(table, member="0", limits=few) == "too_large"
    for path, member in ((noise, None), (table, "0")):
        with pytest.raises(FacefakeError) as caught:
            read_picture(path, member, few)
        assert caught.value.code == "too_large"


def test_a_video_is_no_picture_to_read(tmp_path):
    with pytest.raises(FacefakeError) as caught:
        read_picture(write_video(tmp_path / "clip.mp4", 2))
    assert caught.value.code == "not_a_video"


@pytest.mark.data
def test_a_real_portrait_is_seen_alike_with_and_without_orientation(test_data):
    geometry = CropGeometry("resize-crop", 1, 224)
    plain, turned = (
        whole(test_data / "stills" / name, geometry) for name in ("portrait.jpg", "portrait-orientation-6.jpg")
    )
    assert (plain.info.width, plain.info.height) == (turned.info.width, turned.info.height)
    assert (plain.info.rotation, turned.info.rotation) == (0, 90)
    np.testing.assert_array_equal(plain.faces[0].face.box, turned.faces[0].face.box)
    # saved by another encoder, so not to the last bit
    assert np.abs(plain.faces[0].image.astype(int) - turned.faces[0].image).mean() < 3


@pytest.mark.data
@pytest.mark.parametrize("template", WHOLE)
def test_every_real_picture_is_seen_in_every_way(test_data, template):
    paths = sorted(path for path in (test_data / "images").rglob("*") if path.suffix in (".jpg", ".png"))
    assert len(paths) > 50
    for path in paths:
        found = whole(path, CropGeometry(template, 1, 224))
        with Image.open(path) as image:
            assert (found.info.width, found.info.height) == image.size
        assert {face.image.shape for face in found.faces} == {(224, 224, 3)}
        assert {face.image.dtype for face in found.faces} == {np.dtype(np.uint8)}


@pytest.mark.parametrize(("suffix", "container"), [("gif", "animated-gif"), ("webp", "animated-webp"), ("png", "apng")])
def test_an_animation_is_sampled_like_a_video(tmp_path, suffix, container):
    numbers = (3, 5, 9, 17, 33, 65)
    first, *others = [Image.fromarray(numbered_frame(number)) for number in numbers]
    path = tmp_path / f"moving.{suffix}"
    first.save(path, save_all=True, append_images=others, duration=500, lossless=True)
    found = whole(path, CropGeometry("crop", 1, 96), "uniform:3")
    assert (found.info.container, found.decoder.split()[0]) == (container, "pillow")
    assert (found.outcome, found.requested, found.decoded) == ("ok", 3, 3)
    assert [(face.frame, face.time) for face in found.faces] == [(0, 0.0), (2, 1.0), (5, 2.5)]
    assert extracted(found).kind == "video"


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_an_animation_that_breaks_off_is_a_shortfall(tmp_path, suffix):
    first, *others = [Image.fromarray(np.roll(NOISE, 7 * number, axis=1)) for number in range(6)]
    first.save(tmp_path / "whole", suffix, save_all=True, append_images=others, lossless=True)
    found = whole(cut(tmp_path / "whole", 0.6))
    assert (found.outcome, found.decoded) == ("decode_shortfall", 3)
    assert "frame" in found.reason


def test_an_animation_of_one_frame_is_a_picture(tmp_path):
    Image.fromarray(numbered_frame(3)).save(tmp_path / "one.gif", save_all=True)
    found = whole(tmp_path / "one.gif")
    assert (found.info.container, found.requested) == ("gif", 1)
    assert extracted(found).kind == "image"


def test_pages_of_several_sizes_are_each_seen_whole(tmp_path):
    sizes = [(160, 96), (96, 160), (320, 192)]
    first, *others = [Image.fromarray(numbered_frame(5, *size)) for size in sizes]
    first.save(tmp_path / "pages.tiff", save_all=True, append_images=others)
    found = whole(tmp_path / "pages.tiff", sampling="uniform:8")
    assert [tuple(face.face.box.astype(int) + 1)[2:] for face in found.faces] == sizes


def test_the_first_picture_of_an_animation_is_what_training_sees(tmp_path):
    first, *others = [Image.fromarray(numbered_frame(number)) for number in (3, 5)]
    first.save(tmp_path / "moving.gif", save_all=True, append_images=others)
    assert read_number(read_picture(tmp_path / "moving.gif")) == 3


def test_a_recipe_that_corrupts_frames_corrupts_those_of_an_animation(tmp_path):
    first, *others = [Image.fromarray(numbered_frame(number)) for number in (3, 5, 9)]
    first.save(tmp_path / "moving.webp", save_all=True, append_images=others, duration=40, lossless=True)
    for corruption in ("jpeg:50", "height:64", "fps:10", "h264:30"):
        found = whole(tmp_path / "moving.webp", corruption=corruption)
        assert found.outcome == "ok"
        assert found.info.container == "animated-webp"

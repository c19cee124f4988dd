"""Still pictures as clips of one frame."""

import io

import numpy as np
import pytest
from PIL import Image

from preprocessing.errors import FacefakeError
from preprocessing.video import Limits, probe, read_still
from preprocessing.video.still import to_rgb
from tests.clips import numbered_frame, read_number, write_video

PICTURE = numbered_frame(0b10110001)


def refusal(path, limits=None):
    with pytest.raises(FacefakeError) as caught:
        read_still(path, limits)
    return caught.value.code


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp"])
def test_each_kind_of_picture(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(PICTURE).save(path, quality=95)
    info, batch = read_still(path)
    assert (info.width, info.height, info.rotation, info.fps) == (160, 96, 0, None)
    assert batch.rgb.shape == (1, 96, 160, 3)
    assert (batch.index.tolist(), batch.time.tolist()) == ([0], [0.0])
    assert read_number(batch.rgb[0]) == 0b10110001
    assert np.abs(batch.rgb[0, 24, 20].astype(int) - (210, 30, 30)).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    stored = {
        1: PICTURE,
        2: PICTURE[:, ::-1],
        3: PICTURE[::-1, ::-1],
        4: PICTURE[::-1],
        5: PICTURE.transpose(1, 0, 2),
        6: np.rot90(PICTURE, 1),
        7: np.rot90(PICTURE, 2).transpose(1, 0, 2),
        8: np.rot90(PICTURE, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "picture.png"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    info, batch = read_still(path)
    assert np.array_equal(batch.rgb[0], PICTURE)
    assert (info.width, info.height) == (160, 96)
    assert info.rotation == {1: 0, 3: 180, 6: 90, 8: 270}.get(orientation, info.rotation)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(mode):
    grey = Image.fromarray(np.repeat(np.array([[0], [255]], np.uint8), 9, axis=1))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = (grey.convert("RGB") if mode in ("P", "RGBA", "CMYK") else grey).convert(mode)
    rgb = to_rgb(image)
    assert rgb.mode == "RGB"
    assert np.array_equal(np.asarray(rgb)[:, 0], [[0, 0, 0], [255, 255, 255]])


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    Image.fromarray(np.full((4, 4), 128 * 256, np.uint16)).save(tmp_path / "deep.png")
    assert read_still(tmp_path / "deep.png")[1].rgb[0, 0, 0].tolist() == [128, 128, 128]


def test_floating_point_pixels_are_refused(tmp_path):
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "float.tiff")
    assert refusal(tmp_path / "float.tiff") == "unreadable"


def test_a_cut_picture_is_unreadable(tmp_path):
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 160, 3), np.uint8)).save(data, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(data.getvalue()[:3000])
    assert refusal(tmp_path / "cut.jpg") == "unreadable"
    (tmp_path / "stub.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    assert refusal(tmp_path / "stub.png") == "unreadable"


def test_pictures_over_the_limit_are_refused_before_decoding(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "picture.png")
    assert refusal(tmp_path / "picture.png", Limits(pixels=1000)) == "too_large"
    # a decompression bomb: 30000 x 30000 in a few kilobytes
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    assert refusal(tmp_path / "bomb.png") == "too_large"


def test_a_video_is_no_picture(tmp_path):
    assert refusal(write_video(tmp_path / "clip.mp4", 2)) == "not_a_video"


def test_a_picture_of_one_pixel_opens(tmp_path):
    Image.new("RGB", (1, 1), (9, 8, 7)).save(tmp_path / "dot.png")
    assert read_still(tmp_path / "dot.png")[1].rgb.tolist() == [[[[9, 8, 7]]]]


@pytest.mark.data
def test_a_real_portrait_is_the_same_with_and_without_orientation(test_data):
    plain = read_still(test_data / "stills" / "portrait.jpg")[1].rgb.astype(int)
    info, turned = read_still(test_data / "stills" / "portrait-orientation-6.jpg")
    assert info.rotation == 90
    assert turned.rgb.shape == plain.shape
    assert np.abs(turned.rgb - plain).mean() < 4


def test_a_png_that_was_cut_off_is_unreadable(tmp_path):
    path = tmp_path / "cut.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-500])
    for read in (read_still, probe):
        with pytest.raises(FacefakeError, match=r"cut\.png is a damaged picture") as caught:
            read(path)
        assert caught.value.code == "unreadable"

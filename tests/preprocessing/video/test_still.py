"""Still pictures as clips of one frame."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, features
from pillow_heif import register_heif_opener

from preprocessing.errors import FacefakeError
from preprocessing.video import Limits, probe, read_still
from preprocessing.video.still import to_rgb
from tests.clips import numbered_frame, read_number, write_video

PICTURE = numbered_frame(0b10110001)
SUFFIXES = ["png", "jpg", "webp", "tiff", "bmp", "heic", *(["avif"] if features.check("avif") else [])]

register_heif_opener()  # to write files; what is tested does so itself where it has to


def refusal(path, limits=None):
    with pytest.raises(FacefakeError) as caught:
        read_still(path, limits)
    return caught.value.code


@pytest.mark.parametrize("suffix", SUFFIXES)
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


def test_heif_stands_as_the_format_itself_says_and_is_turned_once(tmp_path):
    """Phones write the turn twice, in the format and in EXIF; the standard lets only the first count."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(PICTURE)))
    lying.save(tmp_path / "phone.heic", exif=exif.tobytes(), quality=95)
    assert b"irot" in (tmp_path / "phone.heic").read_bytes()
    info, batch = read_still(tmp_path / "phone.heic")
    assert (info.width, info.height) == (160, 96)
    assert read_number(batch.rgb[0]) == 0b10110001
    # no turn of the format's own, but one of EXIF
    plain = tmp_path / "plain.heic"
    Image.fromarray(PICTURE).save(plain, exif=exif, quality=95)
    assert b"irot" not in plain.read_bytes()
    assert read_number(read_still(plain)[1].rgb[0]) == 0b10110001


@pytest.mark.skipif("avif" not in SUFFIXES, reason="this Pillow writes no AVIF")
@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG"), (13, None)])
@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_hdr_is_tone_mapped(tmp_path, form, transfer, name):
    file = io.BytesIO()
    Image.fromarray(PICTURE // 2).save(file, form, quality=95)
    data = file.getvalue()
    place = data.index(b"colrnclx") + 8  # then primaries and transfer
    path = tmp_path / "picture"
    path.write_bytes(data[:place] + struct.pack(">HH", 9, transfer) + data[place + 4 :])
    info, batch = read_still(path)
    grey = batch.rgb[0, 24, 140].astype(int)
    if name is None:
        assert info.notes == ()
        assert np.abs(grey - 64).max() <= 4
    else:
        assert info.notes == (f"HDR ({name}) was tone-mapped to SDR.",)
        # a quarter of the code is 5 cd/m2 by PQ and 3 % of the scene's light by HLG
        assert np.abs(grey - {"PQ": 55, "HLG": 72}[name]).max() <= 6


def test_a_png_says_with_its_code_points_that_it_is_hdr(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "plain.png")
    data = (tmp_path / "plain.png").read_bytes()
    content = b"cICP" + bytes([9, 16, 0, 1])
    chunk = struct.pack(">I", 4) + content + struct.pack(">I", zlib.crc32(content))
    (tmp_path / "hdr.png").write_bytes(data[:33] + chunk + data[33:])  # after the header chunk
    assert read_still(tmp_path / "plain.png")[0].notes == ()
    assert read_still(tmp_path / "hdr.png")[0].notes == ("HDR (PQ) was tone-mapped to SDR.",)


@pytest.mark.skipif("avif" not in SUFFIXES, reason="this Pillow writes no AVIF")
def test_avif_is_turned_once(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(PICTURE)))
    lying.save(tmp_path / "turned.avif", exif=exif, quality=95)
    info, batch = read_still(tmp_path / "turned.avif")
    assert (info.width, info.height) == (160, 96)
    assert read_number(batch.rgb[0]) == 0b10110001


def test_heif_is_loaded_for_heif_alone(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "picture.png")
    code = f"""if True:
        import sys
        from preprocessing.video import read_still
        read_still({str(tmp_path / "picture.png")!r})
        assert "pillow_heif" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def animation(path):
    frames = [Image.fromarray(numbered_frame(number)) for number in (3, 5, 9)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, quality=95)


@pytest.mark.parametrize("suffix", ["webp", "png", "tiff", "heic"])
def test_of_an_animation_or_several_pages_the_first_is_read(tmp_path, suffix):
    animation(tmp_path / f"moving.{suffix}")
    assert read_number(read_still(tmp_path / f"moving.{suffix}")[1].rgb[0]) == 3


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("CMYK", "jpg"),
        ("CMYK", "tiff"),
        ("L", "jpg"),
        ("RGBA", "webp"),
        ("RGBA", "heic"),
        ("YCbCr", "jpg"),
        ("P", "png"),
    ],
)
def test_files_of_other_colours_show_the_same_picture(tmp_path, mode, suffix):
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(PICTURE).convert(mode).save(path, quality=95)
    assert read_number(read_still(path)[1].rgb[0]) == 0b10110001


def test_a_palette_with_transparency_keeps_the_colours_below(tmp_path):
    image = Image.fromarray(PICTURE).quantize(8)
    image.save(tmp_path / "palette.png", transparency=bytes([0, 128, 255]))
    rgb = read_still(tmp_path / "palette.png")[1].rgb[0]
    np.testing.assert_array_equal(rgb, np.asarray(image.convert("RGB")))


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
    assert refusal(tmp_path / "picture.png", Limits(still_pixels=1000)) == "too_large"
    # a decompression bomb: 30000 x 30000 in a few kilobytes
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    with pytest.raises(FacefakeError, match=r"bomb\.png is 30000x30000 pixels, over the limit of 89478485") as caught:
        read_still(tmp_path / "bomb.png")
    assert caught.value.code == "too_large"


def heic(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "HEIF")
    return file.getvalue()


def test_heif_over_the_limit_is_refused_before_decoding(tmp_path):
    path = tmp_path / "picture.heic"
    path.write_bytes(heic(Image.fromarray(PICTURE)))
    assert refusal(path, Limits(still_pixels=1000)) == "too_large"
    data = path.read_bytes()
    place = data.index(b"ispe") + 8
    path.write_bytes(data[:place] + struct.pack(">II", 30_000, 30_000) + data[place + 8 :])
    assert refusal(path) == "too_large"


def test_heif_that_says_it_is_smaller_than_it_is_is_unreadable(tmp_path):
    path = tmp_path / "picture.heic"
    data = heic(Image.new("RGB", (2000, 2000)))
    place = data.index(b"ispe") + 8
    path.write_bytes(data[:place] + struct.pack(">II", 20, 20) + data[place + 8 :])
    assert refusal(path) == "unreadable"


def outcome(path):
    try:
        read_still(path)
    except FacefakeError as error:
        return error.code
    return "read"


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own remarks on damaged TIFF
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damage_of_any_kind_is_an_error_in_words(tmp_path, suffix):
    rng = np.random.default_rng(7)
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)).save(path)
    whole, codes = path.read_bytes(), set()
    for attempt in range(120):
        data = bytearray(whole)
        if attempt % 2:
            del data[int(rng.integers(40, len(data))) :]
        else:
            for place in rng.integers(12, min(len(data), 700), 4):
                data[place] = rng.integers(256)
        path.write_bytes(data)
        codes.add(outcome(path))
    assert codes <= {"read", "unreadable", "too_large", "not_a_video"}
    assert "unreadable" in codes


def test_what_the_decoder_says_of_a_cut_picture_is_one_line(tmp_path):
    whole = heic(Image.fromarray(PICTURE))
    (tmp_path / "cut.heic").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FacefakeError) as caught:
        read_still(tmp_path / "cut.heic")
    assert "\n" not in caught.value.message


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


def test_a_photograph_may_have_more_pixels_than_any_video(tmp_path):
    Image.new("L", (8064, 6048)).save(tmp_path / "phone.jpg")  # 48 megapixels, as phones take them
    assert read_still(tmp_path / "phone.jpg")[1].rgb.shape == (1, 6048, 8064, 3)

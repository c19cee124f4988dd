"""Files of several pictures: animations, image sequences and pages, read as clips of frames."""

import io
import struct
import zlib

import av
import numpy as np
import pytest
from PIL import Image, features
from pillow_heif import register_heif_opener

from preprocessing.errors import FacefakeError
from preprocessing.video import Limits, check_file, open_video, probe, read_still
from preprocessing.video.backends import pillow
from tests.clips import numbered_frame, read_number, write_video

register_heif_opener()  # to write files; what is tested does so itself where it has to

NUMBERS = [3, 5, 9, 17, 33, 65]
KINDS = {
    "gif": "animated-gif",
    "webp": "animated-webp",
    "png": "apng",
    "tiff": "multipage-tiff",
    "heic": "heif-collection",
    **({"avif": "avif-sequence"} if features.check("avif") else {}),
}
TIMED = [suffix for suffix in KINDS if suffix in ("gif", "webp", "png", "avif")]


def write(path, numbers=NUMBERS, **options):
    """A file of numbered frames; JPEG, WebP and the like in a quality that keeps the numbers."""
    first, *others = [Image.fromarray(numbered_frame(number)) for number in numbers]
    quality = {"quality": 95} if path.suffix in (".webp", ".avif", ".heic") else {}
    first.save(path, save_all=True, append_images=others, **quality, **options)
    return path


def frames(path, **options):
    """What the frames show, by index, the reader's notes on those that are missing, and the reader."""
    with open_video(path, **options) as reader:
        got = {
            int(index): rgb
            for batch in reader.read(range(len(reader)))
            for index, rgb in zip(batch.index, batch.rgb, strict=True)
        }
        return got, reader.failed, reader


def refusal(path, **options):
    with pytest.raises(FacefakeError) as caught:
        open_video(path, **options)
    return caught.value


@pytest.mark.parametrize("suffix", KINDS)
def test_every_picture_is_a_frame(tmp_path, suffix):
    path = write(tmp_path / f"moving.{suffix}")
    assert check_file(path)[1] == KINDS[suffix]
    got, failed, reader = frames(path)
    assert [read_number(rgb) for rgb in got.values()] == NUMBERS
    assert failed == {}
    assert (reader.info.width, reader.info.height) == (160, 96)
    assert probe(path) == reader.info


@pytest.mark.parametrize("suffix", TIMED)
def test_frames_have_the_times_of_the_file(tmp_path, suffix):
    path = write(tmp_path / f"moving.{suffix}", duration=[40, 200, 100, 1000, 60, 80])
    _, _, reader = frames(path)
    np.testing.assert_allclose(reader.times, [0, 0.04, 0.24, 0.34, 1.34, 1.4], atol=1e-6)
    assert reader.info.duration == pytest.approx(1.48)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_frames_too_short_to_be_meant_are_shown_as_long_as_browsers_do(tmp_path, suffix):
    _, _, reader = frames(write(tmp_path / f"moving.{suffix}", duration=0))
    np.testing.assert_allclose(reader.times, np.arange(6) / 10)


@pytest.mark.parametrize("suffix", ["tiff", "heic"])
def test_pages_have_no_times_and_that_is_said(tmp_path, suffix):
    _, _, reader = frames(write(tmp_path / f"pages.{suffix}"))
    assert reader.info.fps is None
    assert any("no times" in note for note in reader.info.notes)


@pytest.mark.parametrize("suffix", KINDS)
def test_frames_come_alike_in_any_order(tmp_path, suffix):
    path = write(tmp_path / f"moving.{suffix}")
    with open_video(path) as reader:
        for number in (4, 1, 5, 0, 4, 3):
            (batch,) = reader.read([number])
            assert read_number(batch.rgb[0]) == NUMBERS[number]


@pytest.mark.parametrize("suffix", KINDS)
def test_what_holds_one_picture_is_a_still(tmp_path, suffix):
    path = write(tmp_path / f"one.{suffix}", NUMBERS[:1])
    assert check_file(path)[1] in ("gif", "webp", "png", "tiff", "heif", "avif")
    info, batch = read_still(path)
    assert (read_number(batch.rgb[0]), info.notes) == (3, ())


@pytest.mark.parametrize("suffix", KINDS)
def test_training_takes_the_first_picture_and_the_reader_says_so(tmp_path, suffix):
    info, batch = read_still(write(tmp_path / f"moving.{suffix}"))
    assert read_number(batch.rgb[0]) == 3
    assert info.notes == ("Only the first of several pictures in the file was looked at.",)


def test_a_name_says_nothing(tmp_path):
    path = write(tmp_path / "moving.gif").rename(tmp_path / "photo.jpg")
    assert check_file(path)[1] == "animated-gif"


def test_a_photo_with_the_view_of_the_second_eye_is_a_still(tmp_path):
    first, second = (Image.fromarray(numbered_frame(number)) for number in (3, 5))
    first.save(tmp_path / "stereo.jpg", "MPO", save_all=True, append_images=[second], quality=95)
    assert check_file(tmp_path / "stereo.jpg")[1] == "jpeg"
    info, batch = read_still(tmp_path / "stereo.jpg")
    assert (read_number(batch.rgb[0]), info.notes) == (3, ())


# ---------------------------------------------------------------- painting


def patches(rng, alpha, count=8):
    """Random pictures of large blocks with, without or with partial transparency."""
    for _ in range(count):
        blocks = rng.integers(0, 256, (4, 6, 4), np.uint8)
        if alpha != "partial":
            blocks[..., 3] = 255 if alpha is None else np.where(blocks[..., 3] > 128, 255, 0)
        yield Image.fromarray(blocks.repeat(10, axis=0).repeat(10, axis=1))


def by_ffmpeg(path, demuxer):
    with av.open(str(path), format=demuxer) as container:
        return [frame.to_ndarray(format="rgba") for frame in container.decode(video=0)]


def by_libwebp(path):
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            yield np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize("alpha", [None, "binary", "partial"])
@pytest.mark.parametrize(("kind", "disposal"), [("gif", 0), ("gif", 2), ("gif", 3), *(("png", n) for n in range(3))])
def test_animations_are_painted_as_ffmpeg_paints_them(tmp_path, kind, disposal, alpha):
    first, *others = patches(np.random.default_rng(0), alpha)
    path = tmp_path / f"moving.{kind}"
    first.save(path, save_all=True, append_images=others, duration=50, disposal=disposal, blend=1)
    _same_where_opaque(frames(path)[0], by_ffmpeg(path, {"gif": "gif", "png": "apng"}[kind]), tolerance=2)


@pytest.mark.parametrize("alpha", [None, "binary", "partial"])
@pytest.mark.parametrize("lossless", [True, False])
def test_webp_is_painted_as_libwebp_paints_it(tmp_path, lossless, alpha):
    first, *others = patches(np.random.default_rng(0), alpha)
    first.save(tmp_path / "moving.webp", save_all=True, append_images=others, duration=50, lossless=lossless)
    _same_where_opaque(frames(tmp_path / "moving.webp")[0], list(by_libwebp(tmp_path / "moving.webp")), tolerance=1)


def _same_where_opaque(ours, theirs, tolerance):
    assert len(ours) == len(theirs) > 4
    for index, rgba in enumerate(theirs):
        opaque = rgba[..., 3] > 250
        assert np.abs(ours[index].astype(int) - rgba[..., :3])[opaque].max(initial=0) <= tolerance


def test_where_nothing_was_painted_it_is_black(tmp_path):
    rgba = np.zeros((40, 60, 4), np.uint8)
    first, second = rgba.copy(), rgba.copy()
    first[:20], second[:, :30] = (200, 100, 50, 255), (50, 100, 200, 255)
    for suffix in ("gif", "png", "webp"):
        path = tmp_path / f"clear.{suffix}"
        options = {} if suffix == "webp" else {"disposal": 2 if suffix == "gif" else 1}
        Image.fromarray(first).save(
            path, save_all=True, append_images=[Image.fromarray(second)], lossless=True, **options
        )
        got = frames(path)[0]
        assert got[0][30, 30].tolist() == [0, 0, 0]
        assert got[1][30, 50].tolist() == [0, 0, 0], "of the first frame nothing is left"


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "heic"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_frame_stands_upright(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    first, *others = [Image.fromarray(stored(numbered_frame(number), orientation)) for number in NUMBERS]
    for each in (first, *others):
        each.info["exif"] = exif.tobytes()
        if suffix == "tiff":
            each.encoderinfo = {"exif": exif}
    path = tmp_path / f"turned.{suffix}"
    options = {} if suffix in ("png", "tiff") else {"quality": 95}
    first.save(path, save_all=True, append_images=others, exif=exif.tobytes(), **options)
    got, failed, reader = frames(path)
    assert [read_number(rgb) for rgb in got.values()] == NUMBERS
    assert all(np.abs(rgb[24, 20].astype(int) - (210, 30, 30)).max() < 16 for rgb in got.values())
    assert (reader.info.width, reader.info.height, failed) == (160, 96, {})


def stored(picture, orientation):
    """How a picture lies in a file with this EXIF orientation."""
    return np.ascontiguousarray(
        {
            1: picture,
            2: picture[:, ::-1],
            3: picture[::-1, ::-1],
            4: picture[::-1],
            5: picture.transpose(1, 0, 2),
            6: np.rot90(picture, 1),
            7: np.rot90(picture, 2).transpose(1, 0, 2),
            8: np.rot90(picture, -1),
        }[orientation]
    )


# ---------------------------------------------------------------- what is a frame, and what is not


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_chunks(data):
    place = 8
    while place < len(data):
        length = struct.unpack_from(">I", data, place)[0]
        yield data[place + 4 : place + 8], data[place : place + 12 + length]
        place += 12 + length


def test_the_still_picture_of_an_apng_is_no_frame_and_that_is_said(tmp_path):
    still, *others = [Image.fromarray(numbered_frame(number)) for number in NUMBERS]
    path = tmp_path / "moving.png"
    still.save(path, save_all=True, append_images=others, default_image=True, duration=100)
    got, _, reader = frames(path)
    assert [read_number(rgb) for rgb in got.values()] == NUMBERS[1:]
    assert reader.info.notes == ("The file also holds a still picture that is no frame of its animation.",)
    assert read_number(read_still(path)[1].rgb[0]) == NUMBERS[0]


def test_a_png_that_says_after_its_pixels_that_it_moves_does_not(tmp_path):
    write(tmp_path / "moving.png")
    parts = list(png_chunks((tmp_path / "moving.png").read_bytes()))
    control = [part for kind, part in parts if kind == b"acTL"]
    rest = [part for kind, part in parts if kind != b"acTL"]
    (tmp_path / "still.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join([*rest[:-1], *control, rest[-1]]))
    assert check_file(tmp_path / "still.png")[1] == "png"


def subfile(image, kind):
    image.encoderinfo = {"tiffinfo": {254: kind}}
    return image


def test_thumbnails_and_masks_of_a_tiff_are_no_pages(tmp_path):
    page, other = (Image.fromarray(numbered_frame(number)) for number in (3, 5))
    small = page.resize((40, 24))
    path = tmp_path / "pages.tiff"
    page.save(path, save_all=True, append_images=[subfile(small, 1), subfile(page.copy(), 4), other])
    got, _, _ = frames(path)
    assert [read_number(rgb) for rgb in got.values()] == [3, 5]
    page.save(path, save_all=True, append_images=[subfile(small, 1)])
    assert check_file(path)[1] == "tiff"


def test_the_still_of_a_tiff_is_its_first_page_and_not_its_thumbnail(tmp_path):
    page = Image.fromarray(numbered_frame(3))
    page.resize((40, 24)).save(tmp_path / "small.tiff", save_all=True, append_images=[page], tiffinfo={254: 1})
    data = bytearray((tmp_path / "small.tiff").read_bytes())
    # Pillow writes the tag to every page: take it from the second
    second = data.rindex(struct.pack("<HHII", 254, 4, 1, 1))
    assert second != data.index(struct.pack("<HHII", 254, 4, 1, 1))
    data[second + 8] = 0
    (tmp_path / "small.tiff").write_bytes(data)
    info, batch = read_still(tmp_path / "small.tiff")
    assert (info.width, read_number(batch.rgb[0])) == (160, 3)


def test_a_chain_of_pages_that_leads_back_ends(tmp_path):
    write(tmp_path / "pages.tiff", NUMBERS[:3])
    data = bytearray((tmp_path / "pages.tiff").read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    place = first
    while following := struct.unpack_from("<I", data, end := place + 2 + 12 * struct.unpack_from("<H", data, place)[0])[
        0
    ]:
        place = following
    struct.pack_into("<I", data, end, first)
    (tmp_path / "pages.tiff").write_bytes(data)
    assert [read_number(rgb) for rgb in frames(tmp_path / "pages.tiff")[0].values()] == NUMBERS[:3]


@pytest.mark.parametrize("brand", [b"hevc", b"msf1", b"heic"])
def test_a_track_of_pictures_in_heif_is_a_clip(tmp_path, brand):
    data = bytearray(write_video(tmp_path / "clip.mp4", 12, codec="libx265").read_bytes())
    data[8:12] = brand
    handler = data.index(b"hdlr") + 12
    data[handler : handler + 4] = b"pict"
    (tmp_path / "burst.heics").write_bytes(data)
    got, _, reader = frames(tmp_path / "burst.heics")
    assert [read_number(rgb) for rgb in got.values()] == list(range(12))
    assert (reader.info.container, reader.info.codec) == ("heif-sequence", "hevc")
    np.testing.assert_allclose(reader.times, np.arange(12) / 25, atol=1e-3)


def box(kind, data):
    return struct.pack(">I4s", len(data) + 8, kind) + data


def grouped(path, kind, items):
    """Add an entity group to the meta box of an HEIF file, behind whose data nothing may lie that has an offset."""
    data = path.read_bytes()
    at = data.index(b"meta") - 4
    (length,) = struct.unpack_from(">I", data, at)
    members = struct.pack(f">III{len(items)}I", 0, 99, len(items), *items)
    group = box(b"grpl", box(kind, members))
    meta = bytearray(data[at : at + length] + group)
    struct.pack_into(">I", meta, 0, len(meta))
    start = meta.index(b"iloc") + 4  # what lies behind moves
    for entry in range(struct.unpack_from(">H", meta, start + 6)[0]):
        place = _extent(meta, start, entry)
        struct.pack_into(">I", meta, place, struct.unpack_from(">I", meta, place)[0] + len(group))
    path.write_bytes(data[:at] + bytes(meta) + data[at + length :])


def _extent(meta, start, entry):
    """Where the offset of the one extent of an item is."""
    version, sizes = meta[start], meta[start + 4 : start + 6]
    assert (version, sizes[0]) in ((0, 0x44), (1, 0x44)), (version, sizes)
    head = 2 + (2 if version else 0) + 2 + (sizes[1] >> 4) + 2
    return start + 8 + entry * (head + 8) + head


@pytest.mark.parametrize("kind", [b"ster", b"altr"])
def test_pictures_for_two_eyes_and_alternatives_are_one_picture(tmp_path, kind):
    path = write(tmp_path / "spatial.heic", NUMBERS[:2])
    assert check_file(path)[1] == "heif-collection"
    grouped(path, kind, [1, 2])
    assert check_file(path)[1] == "heif"
    assert read_number(read_still(path)[1].rgb[0]) == 3


def test_pages_of_different_sizes(tmp_path):
    pictures = [numbered_frame(number, *size) for number, size in ((3, (160, 96)), (5, (96, 160)), (9, (320, 192)))]
    first, *others = map(Image.fromarray, pictures)
    first.save(tmp_path / "pages.tiff", save_all=True, append_images=others)
    got, failed, _ = frames(tmp_path / "pages.tiff")
    assert failed == {}
    for index, picture in enumerate(pictures):
        np.testing.assert_array_equal(got[index], picture)


@pytest.mark.skipif("avif" not in KINDS, reason="this Pillow writes no AVIF")
def test_of_what_cannot_be_read_one_by_one_the_first_is_read_and_that_is_said(tmp_path):
    """Two top-level pictures in an AVIF: here a HEIC of two is given out as one."""
    single = io.BytesIO()
    Image.fromarray(numbered_frame(3)).save(single, "AVIF", quality=95)
    data = bytearray(single.getvalue())
    infe = data.index(b"infe") - 4
    (length,) = struct.unpack_from(">I", data, infe)
    entry = bytearray(data[infe : infe + length])
    struct.pack_into(">H", entry, 12, 9)
    for kind, by in ((b"meta", length), (b"iinf", length)):
        place = data.index(kind) - 4
        struct.pack_into(">I", data, place, struct.unpack_from(">I", data, place)[0] + by)
    count = data.index(b"iinf") + 8
    struct.pack_into(">H", data, count, struct.unpack_from(">H", data, count)[0] + 1)
    data[infe + length : infe + length] = entry
    start = data.index(b"iloc") + 4
    place = _extent(data, start, 0)
    struct.pack_into(">I", data, place, struct.unpack_from(">I", data, place)[0] + length)
    (tmp_path / "two.avif").write_bytes(data)
    assert check_file(tmp_path / "two.avif")[1] == "avif"
    info, batch = read_still(tmp_path / "two.avif")
    assert read_number(batch.rgb[0]) == 3
    assert info.notes == ("Only the first of several pictures in the file was looked at.",)


# ---------------------------------------------------------------- damage and limits


def moving_noise(path, count=10):
    """Frames that replace one another, of some kilobytes each."""
    rng = np.random.default_rng(1)
    first, *others = [Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)) for _ in range(count)]
    first.save(path, save_all=True, append_images=others, **({"lossless": True} if path.suffix == ".webp" else {}))
    return path


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_of_a_file_that_breaks_off_the_frames_that_are_there_are_read(tmp_path, suffix):
    path = moving_noise(tmp_path / f"moving.{suffix}")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.62)])
    got, failed, reader = frames(path)
    assert (len(got), failed) == (6, {})
    assert reader.info.cut_short in (
        "the file breaks off after frame 6",
        "the file says it has 10 frames and holds 6",
    )


def test_a_gif_without_its_trailer_is_whole(tmp_path):
    path = write(tmp_path / "moving.gif")
    path.write_bytes(path.read_bytes().removesuffix(b";"))
    got, _, reader = frames(path)
    assert (len(got), reader.info.cut_short) == (6, None)


@pytest.mark.parametrize("suffix", ["webp", "png", "tiff"])
def test_a_damaged_frame_is_named_and_the_others_are_read(tmp_path, suffix):
    path = moving_noise(tmp_path / f"moving.{suffix}")
    whole = frames(path)[0]
    data = bytearray(path.read_bytes())
    # where the pixels of the fifth are, and what is written there: a place beyond the file, a codec that does not exist
    mark, shift, wrong = {
        "tiff": (struct.pack("<HHI", 273, 4, 1), 8, struct.pack("<I", 2**31)),
        "webp": (b"VP8L", 0, b"VP8X"),
        "png": (b"fdAT", 12, bytes(400)),
    }[suffix]
    places = [place for place in range(len(data)) if data.startswith(mark, place)]
    start = places[3 if suffix == "png" else 4] + shift
    data[start : start + len(wrong)] = wrong
    path.write_bytes(data)
    got, failed, _ = frames(path)
    assert len(failed) == 1
    assert len(got) == 9
    assert all(np.array_equal(rgb, whole[index]) for index, rgb in got.items())


def gif(size, *parts, ended=True):
    """A GIF of two colours, red and blue."""
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + bytes([255, 0, 0, 0, 0, 255])
    return head + b"".join(parts) + (b";" if ended else b"")


def image(box, lzw, control=b""):
    left, top, right, bottom = box
    blocks = b"".join(bytes([len(lzw[at : at + 255])]) + lzw[at : at + 255] for at in range(0, len(lzw), 255))
    return control + b"," + struct.pack("<HHHHB", left, top, right - left, bottom - top, 0) + b"\x02" + blocks + b"\0"


FOUR_RED, FOUR_BLUE = b"\x04\x82\x05", b"\x0c\x8a\x05"


def lzw(colour, count):
    """LZW data of ``count`` pixels of one colour, without compression: the table is cleared before it grows."""
    codes = [4]
    for place in range(count):
        codes += [colour] if place % 2 == 0 else [colour, 4]
    bits = "".join(f"{code:03b}"[::-1] for code in [*codes, 5])
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


def test_what_rests_on_a_damaged_frame_is_not_shown(tmp_path):
    red, blue = lzw(0, 64), lzw(1, 16)
    whole = image((0, 0, 8, 8), red)
    broken = image((0, 0, 4, 4), b"\xff" * 6)
    beside, over = image((4, 4, 8, 8), blue), image((0, 0, 4, 4), blue)
    (tmp_path / "moving.gif").write_bytes(gif((8, 8), whole, broken, beside, over, whole))
    got, failed, _ = frames(tmp_path / "moving.gif")
    assert sorted(failed) == [1, 2]
    assert "damaged frame before it" in failed[2]
    assert got[3][1, 1].tolist() == got[3][6, 6].tolist() == [0, 0, 255]
    assert got[3][1, 6].tolist() == [255, 0, 0]
    assert sorted(got) == [0, 3, 4]


def test_a_frame_that_is_taken_away_again_spoils_no_other(tmp_path):
    restore = b"!\xf9\x04" + bytes([3 << 2, 0, 0, 0, 0])
    parts = [
        image((0, 0, 8, 8), lzw(0, 64)),
        image((0, 0, 4, 4), b"\xff" * 6, restore),
        image((4, 4, 8, 8), lzw(1, 16)),
    ]
    (tmp_path / "moving.gif").write_bytes(gif((8, 8), *parts))
    got, failed, _ = frames(tmp_path / "moving.gif")
    assert (sorted(got), sorted(failed)) == ([0, 2], [1])


def test_a_frame_that_reaches_beyond_the_canvas_is_cut(tmp_path):
    parts = [image((0, 0, 8, 8), lzw(0, 64)), image((6, 6, 10, 10), lzw(1, 16)), image((20, 20, 24, 24), lzw(1, 16))]
    (tmp_path / "moving.gif").write_bytes(gif((8, 8), *parts))
    got, failed, _ = frames(tmp_path / "moving.gif")
    assert failed == {}
    assert got[1].shape == (8, 8, 3)
    assert (got[1][7, 7].tolist(), got[1][5, 5].tolist()) == ([0, 0, 255], [255, 0, 0])
    np.testing.assert_array_equal(got[2], got[1])


def test_the_number_of_frames_that_a_header_claims_is_not_believed(tmp_path):
    path = write(tmp_path / "moving.png")
    data = bytearray(path.read_bytes())
    place = data.index(b"acTL")
    data[place : place + 12] = b"acTL" + struct.pack(">II", 2_000_000, 0)
    data[place + 12 : place + 16] = struct.pack(">I", zlib.crc32(data[place : place + 12]))
    path.write_bytes(data)
    got, _, reader = frames(path)
    assert (len(got), reader.info.frames_reported) == (6, 2_000_000)


@pytest.mark.parametrize("suffix", KINDS)
def test_limits_hold(tmp_path, suffix):
    path = write(tmp_path / f"moving.{suffix}")
    assert refusal(path, limits=Limits(frames=5)).code == "too_large"
    assert refusal(path, limits=Limits(bytes=100)).code == "too_large"
    few = Limits(pixels=1000, still_pixels=1000)
    assert refusal(path, limits=few).code in ("too_large", "nothing_decoded")
    if suffix in TIMED:
        slow = write(tmp_path / f"slow.{suffix}", duration=30_000)
        assert refusal(slow, limits=Limits(seconds=100)).code == "too_large"


def test_the_work_on_all_frames_is_bounded(tmp_path, monkeypatch):
    path = tmp_path / "bomb.gif"
    path.write_bytes(gif((6000, 5000), *[image((0, 0, 6000, 5000), lzw(0, 4))] * 400))
    assert path.stat().st_size < 20_000
    error = refusal(path)
    assert error.code == "too_large"
    assert "pixels in all its frames" in error.message


def test_too_many_pages_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pillow, "MOST_PAGES", 4)
    assert refusal(write(tmp_path / "pages.tiff")).code == "too_large"


def test_a_file_without_one_whole_frame_is_an_error(tmp_path):
    (tmp_path / "moving.gif").write_bytes(gif((8, 8), *[image((0, 0, 8, 8), b"\xff" * 6)] * 3))
    assert refusal(tmp_path / "moving.gif").code == "nothing_decoded"


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own remarks on damaged files
@pytest.mark.parametrize("suffix", KINDS)
def test_damage_of_any_kind_is_an_error_in_words_or_a_shortfall(tmp_path, suffix):
    rng = np.random.default_rng(7)
    path = moving_noise(tmp_path / f"moving.{suffix}", 4)
    whole, codes = path.read_bytes(), set()
    for attempt in range(60):
        data = bytearray(whole)
        if attempt % 2:
            del data[int(rng.integers(40, len(data))) :]
        else:
            for place in rng.integers(12, len(data), 4):
                data[place] = rng.integers(256)
        path.write_bytes(data)
        try:
            if check_file(path)[1] in KINDS.values():
                frames(path)
            else:
                read_still(path)
        except FacefakeError as error:
            codes.add(error.code)
    assert codes <= {"unreadable", "nothing_decoded", "too_large", "not_a_video", "no_video_stream"}

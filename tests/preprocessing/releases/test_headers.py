import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preprocessing.releases.headers import Header, read_header
from tests.clips import write_video


def encoded(kind: str, size=(40, 24), mode="RGB", **options) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 77).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF"])
def test_format_and_size_are_those_of_the_bytes_whatever_the_name(tmp_path, kind):
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded(kind))
    assert read_header(path) == read_header(path.read_bytes()) == Header(kind, (40, 24))


@pytest.mark.parametrize("quality", [1, 10, 25, 49, 50, 51, 75, 90, 95, 99, 100])
def test_the_quality_of_a_jpeg_is_told_exactly(quality):
    assert read_header(encoded("JPEG", quality=quality)).quality == quality


@pytest.mark.parametrize(("number", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_how_colours_are_sampled_is_told(number, name):
    assert read_header(encoded("JPEG", subsampling=number)).subsampling == name


def test_a_grey_jpeg_has_a_quality_and_no_colours():
    assert read_header(encoded("JPEG", mode="L", quality=80)) == Header("JPEG", (40, 24), 80, None)


def test_pixels_are_left_alone():
    whole = encoded("PNG", size=(640, 480))
    cut = whole[:60]  # behind the header, before the pixels
    assert read_header(cut) == read_header(whole) == Header("PNG", (640, 480))


def test_a_video_a_text_an_empty_file_and_nothing_are_no_pictures(tmp_path):
    video = write_video(tmp_path / "a.mp4", frames=2, size=(64, 48))
    (tmp_path / "a.jpg").write_text("not found")
    (tmp_path / "b.jpg").touch()
    assert [read_header(path) for path in (video, tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "c.jpg")] == [
        *(None, None, None, None)
    ]


def test_a_picture_of_absurd_size_says_nothing():
    bomb = bytearray(encoded("PNG"))
    bomb[16:24] = struct.pack(">II", 200_000, 200_000)
    assert read_header(bytes(bomb)) is None


@given(st.sampled_from([encoded("JPEG"), encoded("PNG"), encoded("WEBP"), encoded("TIFF")]), st.data())
def test_damaged_headers_raise_nothing(whole, data):
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + data.draw(st.binary(max_size=8)) + whole[place + data.draw(st.integers(0, 8)) :]
    found = read_header(damaged)
    assert found is None or min(found.size) > 0

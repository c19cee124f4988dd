"""Nothing but a local video or picture gets past the door."""

import os

import pytest

from preprocessing.errors import FacefakeError
from preprocessing.video.safe import check_file, sniff
from preprocessing.video.types import Limits
from tests.clips import write_video


def refusal(path, limits=None):
    with pytest.raises(FacefakeError) as caught:
        check_file(path, limits)
    return caught.value.code


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1:9/a.mp4",
        "HTTPS://example.org/a.mp4",
        "file:///etc/hostname",
        "concat:a.mp4|b.mp4",
        "subfile,,start,0,end,9,,:a.mp4",
        "data:video/mp4;base64,AAAA",
        "s3://bucket/a.mp4",
    ],
)
def test_urls_and_decoder_protocols_are_refused(path):
    assert refusal(path) == "url_path"


def test_a_windows_drive_is_no_scheme():
    assert refusal("C:\\clips\\missing.mp4") == "not_found"


def test_a_file_with_a_colon_in_its_name_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "part: one.mp4", 2)
    assert check_file("part: one.mp4") == (tmp_path / "part: one.mp4", "mp4")


@pytest.mark.parametrize("path", ["missing.mp4", "nul\0.mp4", "x" * 5000, ""])
def test_what_is_not_there_is_not_found(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if path:
        assert refusal(path) == "not_found"
    else:
        assert refusal(path) in ("not_found", "not_a_file")


def test_folders_pipes_and_devices_are_no_files(tmp_path):
    assert refusal(tmp_path) == "not_a_file"
    assert refusal("/dev/zero") == "not_a_file"
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    assert refusal(pipe) == "not_a_file"


def test_links_are_followed_and_loops_are_not(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", 2)
    (tmp_path / "link").symlink_to(clip)
    assert check_file(tmp_path / "link") == (clip, "mp4")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refusal(tmp_path / "loop") == "not_found"


def test_size_limits(tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert refusal(tmp_path / "empty.mp4") == "empty_file"
    clip = write_video(tmp_path / "clip.mp4", 2)
    assert refusal(clip, Limits(bytes=100)) == "too_large"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("#EXTM3U\n#EXTINF:1,\nother.mp4\n", "playlist"),
        ("ffconcat version 1.0\nfile other.mp4\n", "playlist"),
        ("hello\n", "text"),
        ("the free encyclopedia", "text"),
        ("RIFF\x04\x00\x00\x00WAVEfmt ", "no video"),
    ],
)
def test_other_contents_under_a_video_name(tmp_path, text, word):
    path = tmp_path / "clip.mp4"
    path.write_text(text)
    with pytest.raises(FacefakeError, match=word) as caught:
        check_file(path)
    assert caught.value.code == "not_a_video"


@pytest.mark.parametrize(
    ("suffix", "codec", "container"),
    [
        ("mp4", "libx264", "mp4"),
        ("mov", "libx264", "mp4"),
        ("mkv", "libx264", "matroska"),
        ("webm", "libvpx-vp9", "matroska"),
        ("avi", "mpeg4", "avi"),
        ("ts", "libx264", "mpegts"),
        ("mpg", "mpeg2video", "mpeg"),
        ("flv", "libx264", "flv"),
        ("wmv", "wmv2", "asf"),
    ],
)
def test_containers_are_known_by_their_bytes_whatever_the_name(tmp_path, suffix, codec, container):
    clip = write_video(tmp_path / f"clip.{suffix}", 3, codec=codec)
    renamed = clip.rename(tmp_path / "clip.txt")
    assert check_file(renamed)[1] == container


def test_quicktime_without_a_file_type_box():
    assert sniff(b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", 4112) == "mp4"


@pytest.mark.parametrize(
    ("brands", "container"),
    [
        (b"heic\0\0\0\0mif1heicmiaf", "heif"),
        (b"mif1\0\0\0\0mif1heic", "heif"),
        (b"mif1\0\0\0\0mif1avifmiaf", "avif"),
        (b"avif\0\0\0\0", "avif"),
        (b"isom\0\0\0\0mif1heic", "mp4"),
        (b"mif1", "heif"),
    ],
)
def test_pictures_in_the_box_that_videos_come_in_are_told_apart_by_their_brands(brands, container):
    head = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    # what follows the box is none of its brands
    assert sniff(head + b"avif" * 4, 10_000) == container


def test_a_picture_of_half_a_gigabyte_is_too_large_whatever_the_limit_for_videos(tmp_path):
    path = tmp_path / "picture.heic"
    with open(path, "wb") as file:
        file.write(b"\0\0\0\x10ftypheic\0\0\0\0")
        file.truncate(2**29 + 1)  # a hole: nothing is written
    assert refusal(path) == "too_large"
    with open(path, "r+b") as file:
        file.write(b"\0\0\0\x10ftypisom\0\0\0\0")
    assert check_file(path)[1] == "mp4"

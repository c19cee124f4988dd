"""Pictures that lie, end too early or are broken on purpose, taken whole: a typed error or a picture, never a hang."""

import io
import struct
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.workers import map_clips
from tests import jobs

LIMIT = 60.0  # seconds for one small file; none comes near
SEEN = [(64, 64, 3)]

register_heif_opener()  # to write files


def outcomes(paths, member=None):
    """Each picture taken whole in a child process: what is seen of it or its error code."""
    clips = [Clip(path, path.name, "folder", "unknown", None, None, None, path.name, member=member) for path in paths]
    results = map_clips(jobs.seen_whole, clips, workers=2, timeout=LIMIT)
    return {clip.path.name: found.code if isinstance(found, FacefakeError) else found for clip, found in results}


def encoded(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, *chunks):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def bmp(width, height):
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def test_bombs_are_refused_by_what_they_declare(tmp_path):
    zeros = zlib.compress(bytes(10_000_000), 9)
    bombs = {
        "wide.png": png(30_000, 30_000, chunk(b"IDAT", zeros)),
        "tall.png": png(1, 2**31 - 1, chunk(b"IDAT", zeros)),
        "grey.png": encoded(Image.new("1", (30_000, 30_000)), "PNG"),
        "many.bmp": bmp(2**31 - 1, 2**31 - 1),
        "flat.tiff": encoded(Image.new("1", (30_000, 30_000)), "TIFF", compression="group4"),
        "flat.webp": encoded(Image.new("RGB", (16_000, 5_600)), "WEBP", quality=1, method=0),
    }
    heif = encoded(Image.new("RGB", (64, 64)), "HEIF")
    place = heif.index(b"ispe") + 8
    bombs["claim.heic"] = heif[:place] + struct.pack(">II", 65_000, 65_000) + heif[place + 8 :]
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
    found = outcomes([tmp_path / name for name in bombs])
    assert set(found.values()) <= {"too_large", "unreadable"}, found
    assert found["wide.png"] == found["flat.tiff"] == found["flat.webp"] == found["claim.heic"] == "too_large"


def test_a_bomb_in_the_text_of_a_png_does_not_go_off(tmp_path):
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(32 * 3) for _ in range(32))))
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    (tmp_path / "text.png").write_bytes(png(32, 32, text, pixels))
    assert outcomes([tmp_path / "text.png"])["text.png"] in ("unreadable", SEEN)


def test_a_very_long_picture_is_seen_at_the_price_of_an_ordinary_one(tmp_path):
    Image.new("L", (2_000_000, 16)).save(tmp_path / "long.png")
    assert outcomes([tmp_path / "long.png"]) == {"long.png": SEEN}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF"])
def test_a_picture_that_was_cut_off_anywhere_is_unreadable(tmp_path, kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8))
    data = encoded(noise, kind)
    for share in (0.05, 0.3, 0.6, 0.9):
        (tmp_path / f"{share}").write_bytes(data[: int(len(data) * share)])
    found = outcomes(sorted(tmp_path.iterdir()))
    assert set(found.values()) <= {"unreadable", "not_a_video"}, found


def test_a_table_that_lies_about_itself_takes_no_other_picture_along(tmp_path):
    """Arrow's own checks end in errors and, now and then, in the end of the child."""
    rng = np.random.default_rng(3)
    rows = [encoded(Image.new("RGB", (20, 20), (row, 0, 0)), "PNG") for row in range(9)]
    table = pa.table({"label": [0] * 9, "image_data": pa.array(rows, pa.binary())})
    pq.write_table(table, tmp_path / "whole.parquet", row_group_size=4)
    whole = (tmp_path / "whole.parquet").read_bytes()
    for attempt in range(60):
        data = bytearray(whole)
        for place in rng.integers(len(data) - 900, len(data), 4):  # where it says what is where
            data[place] = rng.integers(256)
        (tmp_path / f"{attempt}.parquet").write_bytes(data)
    found = outcomes(sorted(tmp_path.iterdir()), member="5")
    allowed = ("unreadable", "not_found", "too_large", "not_a_video", "decoder_crashed", SEEN)
    assert found["whole.parquet"] == SEEN
    assert all(each in allowed for each in found.values()), found
    assert "unreadable" in found.values()

"""Pictures of the faces of a report's mistakes, from videos, pictures and folders of crops."""

import io
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from facefake.reporting.thumbnails import MOST_BYTES, SIDE, thumbnail, thumbnails
from preprocessing.errors import FacefakeError
from tests.clips import numbered_frame, read_number, write_video


def example(path, frame=0, box=None, clip="a"):
    return {"dataset": "folder", "clip": clip, "path": None if path is None else str(path), "frame": frame, "box": box}


def decoded(jpeg):
    return np.asarray(Image.open(io.BytesIO(jpeg), formats=["JPEG"]))


def test_it_is_the_frame_that_was_scored(tmp_path):
    video = write_video(tmp_path / "a.mp4", 30)
    assert read_number(decoded(thumbnail(example(video, 17)))) == 17


def test_the_box_is_cut_out_with_a_margin(tmp_path):
    path = tmp_path / "a.png"
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[100:200, 300:400] = 255
    Image.fromarray(picture).save(path)
    image = decoded(thumbnail(example(path, box=[300, 100, 400, 200])))
    assert image.shape == (160, 160, 3)
    assert image[35:125, 35:125].min() > 200
    assert image[:25].max() < 50


@pytest.mark.parametrize("box", [[0, 0, 500, 500], [-50, -50, 30, 30], [590, 390, 700, 500], [10, 10, 10, 10]])
def test_a_face_at_the_edge_is_cut_off_there(tmp_path, box):
    Image.fromarray(np.full((400, 600, 3), 200, np.uint8)).save(tmp_path / "a.png")
    image = decoded(thumbnail(example(tmp_path / "a.png", box=box)))
    assert max(image.shape) <= SIDE
    assert image.min() > 150


def test_a_crop_is_found_by_its_number_in_the_folder(tmp_path):
    for number in (0, 9, 10):
        Image.fromarray(numbered_frame(number)).save(tmp_path / f"{number}.png")
    assert read_number(decoded(thumbnail(example(tmp_path, 9)))) == 9
    with pytest.raises(FacefakeError) as error:
        thumbnail(example(tmp_path, 5))
    assert error.value.code == "nothing_decoded"


def test_a_picture_of_a_phone_is_shown(tmp_path):
    register_heif_opener()
    Image.fromarray(numbered_frame(21)).save(tmp_path / "a.heic", quality=95)
    assert read_number(decoded(thumbnail(example(tmp_path / "a.heic")))) == 21


def test_a_picture_in_a_table_is_shown_by_the_row_its_clip_is_called_after(tmp_path):
    rows = []
    for number in range(4):
        file = io.BytesIO()
        Image.fromarray(numbered_frame(number)).save(file, "PNG")
        rows.append(file.getvalue())
    table = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image_data": pa.array(rows, pa.binary())}), table)
    assert read_number(decoded(thumbnail(example(table, clip="data/a.parquet/2")))) == 2
    for clip in ("data/a.parquet/9", "data/a.parquet"):
        with pytest.raises(FacefakeError):
            thumbnail(example(table, clip=clip))


def test_even_noise_is_small(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(noise).resize((400, 400)).save(tmp_path / "a.png")
    assert len(thumbnail(example(tmp_path / "a.png"))) < 2 * MOST_BYTES


def test_what_cannot_be_shown_is_none_and_the_rest_go_on(tmp_path):
    video = write_video(tmp_path / "a.mp4", 5)
    (tmp_path / "bad.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    found = thumbnails(
        [
            example(tmp_path / "gone.mp4", clip="gone"),
            example(tmp_path / "bad.mp4", clip="bad"),
            example(video, 99, clip="beyond"),
            example(None, clip="unknown"),
            example(video, None, clip="no frame"),
            example(video, 3, clip="there"),
        ]
    )
    assert {clip: picture is not None for (_, clip), picture in found.items()} == {
        "gone": False,
        "bad": False,
        "beyond": False,
        "there": True,
    }


def test_no_torch_is_loaded():
    code = "import sys, facefake.reporting.html, facefake.reporting.thumbnails; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

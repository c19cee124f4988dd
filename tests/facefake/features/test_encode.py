from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from facefake.features.encode import encode_pictures
from facefake.features.pictures import Augmented, seed_of
from facefake.features.tower import Tower
from facefake.models.backbone import Backbone, BackboneSpec, load_backbone
from preprocessing.corruptions import Corruption
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.views import views
from tests.crops import crop

WHOLE = CropGeometry("resize-crop", 1, 32)


class Counting(Tower):
    """A tower that knows how many pictures it has encoded."""

    count = 0
    most: int | None = None

    def encode(self, pictures: torch.Tensor) -> NDArray[np.float32]:
        if self.most is not None and self.count >= self.most:
            raise KeyboardInterrupt
        self.count += len(pictures)
        return super().encode(pictures)


@pytest.fixture(scope="session")
def backbone() -> Backbone:
    return load_backbone(BackboneSpec("tiny-vit", "random:0"))


@pytest.fixture
def tower(backbone) -> Counting:
    tower = Counting.of_base(backbone, torch.device("cpu"))
    tower.batch_size = 2
    return tower


@pytest.fixture
def files(tmp_path: Path) -> list[tuple[Path, None]]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(7):
        Image.fromarray(crop(number, side=40 + number)).save(folder / f"{number}.png")
    return [(folder / f"{number}.png", None) for number in range(7)]


def by_hand(backbone: Backbone, squares: list[np.ndarray]) -> np.ndarray:
    pictures = torch.stack([backbone.preprocess(square) for square in squares])
    with torch.inference_mode():
        return backbone(pictures).numpy()


def close(one: np.ndarray, other: np.ndarray) -> bool:
    return np.allclose(one, other, atol=1e-5)


def mirrored(picture: Image.Image, seed: int) -> Image.Image:
    """As a backbone sees it, mirrored or not."""
    square = picture.resize((32, 32))
    return ImageOps.mirror(square) if seed % 2 else square


def test_features_are_those_of_the_backbone(tmp_path, tower, backbone, files):
    encoded = encode_pictures(files, tower, WHOLE, tmp_path / "features")
    squares = [views(np.asarray(Image.open(path)), WHOLE)[0][1] for path, _ in files]
    assert encoded.shape == (7, 1, 64)
    assert close(encoded.read(range(7))[:, 0], by_hand(backbone, squares))
    assert np.array_equal(encoded.view(0, [5, 2]), encoded.read(range(7))[[5, 2], 0])


def test_what_is_there_is_not_encoded_again(tmp_path, tower, files):
    first = encode_pictures(files[:5], tower, WHOLE, tmp_path / "features").read(range(5))
    again = encode_pictures(files[::-1], tower, WHOLE, tmp_path / "features").read(range(7))
    assert tower.count == 7
    assert np.array_equal(again[::-1][:5], first)


def test_one_picture_under_two_names_is_encoded_once(tmp_path, tower, files):
    (path, _), *_ = files
    other = path.with_name("copy.png")
    other.write_bytes(path.read_bytes())
    encoded = encode_pictures([*files, (other, None), files[0]], tower, WHOLE, tmp_path / "features")
    assert tower.count == 7
    one, two, three = encoded.read([0, 7, 8])
    assert np.array_equal(one, two)
    assert np.array_equal(one, three)


def test_a_changed_picture_is_encoded_anew(tmp_path, tower, backbone, files):
    before = encode_pictures(files, tower, WHOLE, tmp_path / "features").read(range(7))
    changed = crop(99, side=50)
    Image.fromarray(changed).save(files[3][0])
    after = encode_pictures(files, tower, WHOLE, tmp_path / "features").read(range(7))
    assert tower.count == 8
    assert [np.array_equal(one, other) for one, other in zip(before, after, strict=True)] == [True] * 3 + [False] + [
        True
    ] * 3
    assert close(after[3], by_hand(backbone, [views(changed, WHOLE)[0][1]]))


def test_five_squares_are_five_views(tmp_path, tower, backbone, files):
    geometry = CropGeometry("five-crop", 1, 32)
    encoded = encode_pictures(files, tower, geometry, tmp_path / "features")
    assert encoded.shape == (7, 5, 64)
    squares = [square for _, square in views(np.asarray(Image.open(files[6][0])), geometry)]
    assert close(encoded.read([6])[0], by_hand(backbone, squares))


def test_a_corruption_comes_first_and_is_kept_apart(tmp_path, tower, backbone, files):
    clean = encode_pictures(files, tower, WHOLE, tmp_path / "features").read([0])
    jpeg = Corruption("jpeg", 30)
    encoded = encode_pictures(files, tower, WHOLE, tmp_path / "features", corruption=jpeg)
    corrupted = jpeg.at_crop(np.asarray(Image.open(files[0][0])), 0)
    assert close(encoded.read([0])[0], by_hand(backbone, [views(corrupted, WHOLE)[0][1]]))
    assert not close(encoded.read([0]), clean)
    noise = [
        encode_pictures(files, tower, WHOLE, tmp_path / name, corruption=Corruption("noise", 9)).read([0])
        for name in ("one", "other")
    ]
    assert np.array_equal(*noise)


def test_a_corruption_of_videos_is_refused_at_once(tmp_path, tower, files):
    with pytest.raises(FacefakeError) as raised:
        encode_pictures(files, tower, WHOLE, tmp_path / "features", corruption=Corruption("h264", 40))
    assert raised.value.code == "corruption_invalid"


def test_views_are_drawn_by_content_and_number(tmp_path, tower, backbone, files):
    augmented = Augmented(mirrored, "mirrored", 4)
    encoded = encode_pictures(files, tower, WHOLE, tmp_path / "features", augmented=augmented)
    assert encoded.shape == (7, 4, 64)
    for number, (path, _) in enumerate(files):
        content = hashlib.sha256(path.read_bytes()).digest()
        squares = [np.asarray(mirrored(Image.open(path), seed_of(content, view))) for view in range(4)]
        assert close(encoded.read([number])[0], by_hand(backbone, squares))
    more = encode_pictures(files, tower, WHOLE, tmp_path / "features", augmented=Augmented(mirrored, "mirrored", 5))
    assert tower.count == 7 * 5
    assert np.array_equal(more.read(range(7))[:, :4], encoded.read(range(7)))


def test_crops_of_a_face_store_are_resized_and_no_more(tmp_path, tower, backbone, files):
    encoded = encode_pictures(files, tower, CropGeometry(), tmp_path / "features")
    assert close(encoded.read([2])[:, 0], by_hand(backbone, [np.asarray(Image.open(files[2][0]))]))


def test_pictures_that_cannot_be_read_are_named_and_the_rest_is_encoded(tmp_path, tower, files):
    files[1][0].write_bytes(b"no picture")
    files[4][0].unlink()
    for _ in range(2):
        encoded = encode_pictures(files, tower, WHOLE, tmp_path / "features")
        assert {picture: error.code for picture, error in encoded.failed.items()} == {1: "not_a_video", 4: "not_found"}
        assert np.isfinite(encoded.read([0, 2, 3, 5, 6])).all()
        with pytest.raises(FacefakeError) as raised:
            encoded.read([0, 4])
        assert raised.value.code == "not_found"
    assert tower.count == 5


def test_rows_of_a_table_are_pictures_as_files_are(tmp_path, tower, files):
    table = tmp_path / "pictures.parquet"
    data = [path.read_bytes() for path, _ in files]
    pq.write_table(pa.table({"image_data": [*data[:4], b"no picture", data[0]]}), table)
    plain = encode_pictures(files, tower, WHOLE, tmp_path / "features").read(range(4))
    rows = [(table, str(row)) for row in range(7)]
    encoded = encode_pictures(rows, tower, WHOLE, tmp_path / "features")
    assert tower.count == 7
    assert {picture: error.code for picture, error in encoded.failed.items()} == {4: "not_a_video", 6: "not_found"}
    assert np.array_equal(encoded.read([0, 1, 2, 3, 5]), plain[[0, 1, 2, 3, 0]])


def test_a_stopped_run_goes_on_where_it_was(tmp_path, tower, backbone, files):
    tower.most = 4
    with pytest.raises(KeyboardInterrupt):
        encode_pictures(files, tower, WHOLE, tmp_path / "features")
    tower.most = None
    encoded = encode_pictures(files, tower, WHOLE, tmp_path / "features")
    assert tower.count == 7
    squares = [views(np.asarray(Image.open(path)), WHOLE)[0][1] for path, _ in files]
    assert close(encoded.read(range(7))[:, 0], by_hand(backbone, squares))


def test_decoding_in_other_processes_changes_nothing(tmp_path, tower, files):
    augmented = Augmented(mirrored, "mirrored", 2)
    here, there = (
        encode_pictures(files, tower, WHOLE, tmp_path / str(workers), augmented=augmented, workers=workers)
        for workers in (0, 2)
    )
    assert np.array_equal(here.read(range(7)), there.read(range(7)))


def test_damaged_features_are_not_believed(tmp_path, tower, files):
    encode_pictures(files, tower, WHOLE, tmp_path / "features")
    [path] = (tmp_path / "features").glob("*/features.f32")
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(FacefakeError) as raised:
        encode_pictures(files, tower, WHOLE, tmp_path / "features")
    assert raised.value.code == "store_damaged"

from pathlib import Path

import pytest

from facefake.probes import MOST, generated_pictures, pictures_of
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from tests.crops import write_crops


def test_pictures_to_compare_on(tmp_path: Path):
    generated = generated_pictures(32)
    assert {each.shape for each in generated} == {(32, 32, 3)}
    assert len({each.tobytes() for each in generated}) == len(generated)
    write_crops(tmp_path / "crops", range(MOST + 10), side=20)
    found = pictures_of(tmp_path, CropGeometry())
    assert len(found) == MOST
    assert {each.shape for each in found} == {(20, 20, 3)}
    assert len({each.tobytes() for each in found}) == MOST
    whole = pictures_of(tmp_path, CropGeometry("five-crop", 1, 16))
    assert {each.shape for each in whole} == {(16, 16, 3)}
    assert len(whole) == 5 * MOST
    for folder, code in ((tmp_path / "none", "not_found"), (tmp_path / "empty", "no_videos")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(FacefakeError) as caught:
            pictures_of(folder, CropGeometry())
        assert caught.value.code == code

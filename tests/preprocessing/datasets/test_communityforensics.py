import pyarrow.parquet
import pytest

from preprocessing.datasets.communityforensics import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets.picture_lists import communityforensics, row, write_table

SYSTEMATIC = "data/systematic/train-00000-of-00001.parquet"
EVALUATION = "data/publicEval/eval-00000-of-00001.parquet"


def test_rows_and_folders_have_the_labels_and_methods_of_the_release(tmp_path):
    clips = READER.read(communityforensics(tmp_path)).clips
    assert {clip.key: (clip.label, clip.method, clip.split) for clip in clips} == {
        f"{SYSTEMATIC}/0": (1, "a/sd", "train"),
        f"{SYSTEMATIC}/1": (1, "a/sd", "train"),
        f"{SYSTEMATIC}/2": (1, "b/gan", "train"),
        f"{EVALUATION}/0": (1, "dalle3", "test"),
        f"{EVALUATION}/1": (0, "COCO-real", "test"),  # of the evaluation, whatever its column says
        f"{EVALUATION}/2": (0, "FFHQ-real", "test"),
        "LAION/real/2.png": (0, "LAION-real", None),
        "LAION/real/img/1.jpg": (0, "LAION-real", None),
        "flux/fake/1.png": (1, "flux", None),
        "flux/real/1.png": (0, "flux-real", None),
    }


def test_folders_have_the_split_they_lie_below_and_what_has_none_is_said(tmp_path):
    communityforensics(tmp_path)
    (tmp_path / "train").mkdir()
    (tmp_path / "LAION").rename(tmp_path / "train" / "LAION")
    found = READER.read(tmp_path)
    splits = {clip.key: (clip.method, clip.split) for clip in found.clips if clip.member is None}
    assert splits == {
        "train/LAION/real/2.png": ("LAION-real", "train"),
        "train/LAION/real/img/1.jpg": ("LAION-real", "train"),
        "flux/fake/1.png": ("flux", None),
        "flux/real/1.png": ("flux-real", None),
    }
    [note] = found.notes
    assert note.startswith("pictures without a split: 2;")


def test_a_row_is_told_by_its_file_and_number(tmp_path):
    clip = next(clip for clip in READER.read(communityforensics(tmp_path)).clips if clip.key == f"{SYSTEMATIC}/2")
    assert (clip.path, clip.member) == (tmp_path / SYSTEMATIC, "2")


def test_no_picture_is_read_to_list_the_rows(tmp_path, monkeypatch):
    columns = []
    inner = pyarrow.parquet.ParquetFile.iter_batches

    def spy(self, *args, **options):
        columns.append(options["columns"])
        return inner(self, *args, **options)

    monkeypatch.setattr(pyarrow.parquet.ParquetFile, "iter_batches", spy)
    READER.read(communityforensics(tmp_path))
    assert columns == [["label", "model_name", "real_source", "split"]] * 2


def test_the_part_tells_the_split_where_the_column_does_not(tmp_path):
    for name in ("data/manual/a.parquet", "data/commercial/a.parquet", "data/CompEval-00000-of-00002.parquet"):
        write_table(tmp_path / name, [row(1, "x", split="")])
    found = READER.read(tmp_path)
    assert {clip.path.relative_to(tmp_path).as_posix(): clip.split for clip in found.clips} == {
        "data/manual/a.parquet": "train",
        "data/commercial/a.parquet": None,
        "data/CompEval-00000-of-00002.parquet": "test",
    }
    assert "no real pictures: those of the full set are not in it" in found.notes


@pytest.mark.parametrize("label", [2, None, "fake", True, 0.5])
def test_a_label_that_is_no_zero_or_one_is_refused(tmp_path, label):
    write_table(tmp_path / "a.parquet", [row(label, "x")])
    with pytest.raises(FacefakeError, match="known are 0") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"


def test_a_table_of_another_set_is_refused_by_what_it_lacks(tmp_path):
    write_table(tmp_path / "cifake.parquet", [{"image": {"bytes": b"", "path": "1.png"}, "label": 0}])
    with pytest.raises(FacefakeError, match="has no column image_data"):
        READER.read(tmp_path)


def test_a_pointer_that_was_not_downloaded_is_refused(tmp_path):
    (tmp_path / "a.parquet").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(FacefakeError, match="cannot be read") as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"

import pytest

from preprocessing.datasets.gripunina import READER
from preprocessing.errors import FacefakeError
from tests.preprocessing.datasets.picture_lists import gripunina, write_csv
from tests.preprocessing.datasets.trees import touch


def test_type_and_list_make_the_method_and_all_is_test_material(tmp_path):
    clips = READER.read(gripunina(tmp_path)).clips
    assert {clip.key: (clip.label, clip.method, clip.split) for clip in clips} == {
        "synthbuster/dalle2/r1t.png": (1, "commercial_tools/dalle2", "test"),
        "synthbuster/dalle2/r2t.png": (1, "commercial_tools/dalle2", "test"),
        "synthbuster/dalle3/r1t.png": (1, "commercial_tools/dalle3", "test"),
        "synthbuster/dalle3/r2t.png": (1, "commercial_tools/dalle3", "test"),
        "synthbuster/real_RAISE_1k/r1t.png": (0, "commercial_tools/real", "test"),
        "synthbuster/real_RAISE_1k/r2t.png": (0, "commercial_tools/real", "test"),
        "synthwildx/dalle3/A.jpg": (1, "synthwildx/dalle3", "test"),
        "synthwildx/real/A.jpg": (0, "synthwildx/real", "test"),
    }


def test_a_picture_that_was_not_downloaded_is_absent(tmp_path):
    absent = READER.read(gripunina(tmp_path)).absent
    assert [(clip.key, clip.method) for clip in absent] == [
        ("synthwildx/midjourney_v5/A.jpg", "synthwildx/midjourney_v5")
    ]


def test_a_list_at_the_top_needs_no_name(tmp_path):
    clips = READER.read(gripunina(tmp_path) / "synthwildx").clips
    assert [(clip.key, clip.method) for clip in clips] == [("dalle3/A.jpg", "dalle3"), ("real/A.jpg", "real")]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.png,", "row 2 has the type ''"),
        ("a.png,Real", "row 2 has the type 'Real'"),
        ("../a.png,real", "no file below"),
        (",real", "no file is called"),
    ],
)
def test_a_list_that_cannot_be_is_refused_in_words(tmp_path, row, words):
    write_csv(touch(tmp_path, "a.png") / "mine.csv", [row])
    with pytest.raises(FacefakeError, match=words) as caught:
        READER.read(tmp_path)
    assert caught.value.code == "labels_invalid"


def test_a_generator_with_a_slash_keeps_the_reals_of_its_list(tmp_path):
    write_csv(touch(tmp_path, "a.png", "b.png") / "mine.csv", ["a.png,stabilityai/sdxl", "b.png,real"])
    fake, real = READER.read(tmp_path).clips
    assert (fake.method, READER.reals_of(fake.method)) == ("mine/stabilityai-sdxl", (real.method,))

import pytest

from facefake.evaluation.suite import load_suite, parse_suite
from preprocessing.errors import FacefakeError
from preprocessing.resources import configs_dir


@pytest.mark.parametrize("name", [path.stem for path in (configs_dir() / "suites").glob("*.yaml")])
def test_every_suite_that_is_shipped_is_valid(name):
    suite = load_suite(name)
    assert suite.about
    for ladder in suite.corruptions:
        assert len(ladder.levels) >= 3


def test_the_cross_dataset_suite_keeps_what_was_trained_on_apart_and_takes_no_training_footage():
    suite = load_suite("cross-dataset")
    assert [each.dataset for each in suite.sets if each.in_domain] == ["ffpp", "deeperforensics"]
    assert all(each.splits in (("test",), ()) for each in suite.sets)
    assert not suite.abstain


def test_a_suite_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("sets: [celebdf, 'ffpp:val', {dataset: dfd, compressions: [c23]}]\nframes: uniform:8\n")
    suite = load_suite(path)
    assert [(each.dataset, each.splits) for each in suite.sets] == [("celebdf", ()), ("ffpp", ("val",)), ("dfd", ())]
    assert suite.sets[2].compressions == ("c23",)
    assert suite.abstain
    assert not suite.corruptions


def test_sets_can_be_changed_and_the_rest_stays():
    suite = load_suite("robustness")
    changed = suite.with_sets(["celebdf", "ffpp:val"])
    assert [each.dataset for each in changed.sets] == ["celebdf", "ffpp"]
    assert changed.sets[1].splits == ("val",)
    assert changed.corruptions == suite.corruptions
    with pytest.raises(FacefakeError, match="celebdv"):
        suite.with_sets(["celebdv"])


@pytest.mark.parametrize(
    ("values", "key", "near"),
    [
        ({"sets": ["celebdf"], "corruption": []}, "corruption", "corruptions"),
        ({"sets": [{"dataset": "dfd", "compression": "c23"}]}, "sets.0.compression", "compressions"),
        ({"sets": ["dfd"], "corruptions": [{"kind": "jpeg", "level": [3]}]}, "corruptions.0.level", "levels"),
        ({"sets": ["dfd"], "x": 1}, "x", "sets"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest(values, key, near):
    with pytest.raises(FacefakeError) as caught:
        parse_suite(values)
    assert caught.value.code == "config_unknown_key"
    assert caught.value.message == f"there is no key {key}"
    assert near in caught.value.hint


def ladder(**values):
    return {"sets": ["celebdf"], "corruptions": [{"kind": "jpeg", "levels": [50, 30]} | values]}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sets": ["celebdv"]}, "did you mean 'celebdf"),
        ({"sets": ["ffpp:vla"]}, "sets.0.splits.0"),
        ({}, "sets: field required"),
        ({"sets": ["ffpp:val", "ffpp:test"]}, "ffpp stands twice"),
        (ladder(kind="jepg"), "did you mean 'jpeg'"),
        (ladder(levels=[50, 0]), "no level 0"),
        (ladder(levels=[]), "at least 1"),
        (ladder(levels=[50, 50]), "a level twice"),
        (ladder(kind="h264", at="crop"), "done to videos; at the crop there are jpeg, webp"),
        (ladder(at="face"), "'frame' or 'crop'"),
        ({"sets": ["celebdf"], "corruptions": 2 * ladder()["corruptions"]}, "jpeg at the frame stands twice"),
        (None, "names no data set"),
        (["celebdf"], "names no data set"),
        ({"sets": []}, "names no data set"),
    ],
)
def test_what_cannot_be_is_refused_in_words(values, words):
    with pytest.raises(FacefakeError) as caught:
        parse_suite(values)
    assert caught.value.code == "suite_invalid"
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_a_suite_that_is_not_there_is_said_with_those_that_are(tmp_path):
    with pytest.raises(FacefakeError) as caught:
        load_suite("cross-datasets")
    assert caught.value.code == "config_not_found"
    assert "cross-dataset, robustness" in caught.value.hint
    (tmp_path / "broken.yaml").write_text("sets: [celebdf")
    with pytest.raises(FacefakeError) as caught:
        load_suite(tmp_path / "broken.yaml")
    assert caught.value.code == "suite_invalid"

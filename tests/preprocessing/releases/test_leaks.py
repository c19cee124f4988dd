from pathlib import Path

from preprocessing.clip import Clip
from preprocessing.datasets import get_reader
from preprocessing.releases.leaks import leaks
from tests.preprocessing.datasets import trees


def clip(key, split, pair=None, people=(), dataset="toy"):
    return Clip(Path(key), key, dataset, "real", 0, split, pair, key, identities=people)


def test_a_pair_in_two_splits_leaks_and_names_both_sides():
    (leak,) = leaks([clip("b", "train", "p"), clip("a", "train", "p"), clip("c", "test", "p"), clip("d", "test", "q")])
    assert leak.to_dict() == {
        "kind": "pair",
        "dataset": "toy",
        "name": "p",
        "splits": {"test": ["c"], "train": ["a", "b"]},
    }


def test_a_person_in_two_splits_leaks_through_other_footage():
    (leak,) = leaks([clip("a", "train", "p", ("anna", "bert")), clip("b", "val", "q", ("bert",))])
    assert (leak.kind, leak.name, list(leak.splits)) == ("identity", "bert", ["train", "val"])


def test_pairs_come_before_people():
    found = leaks([clip("a", "train", "z", ("anna",)), clip("b", "val", "z", ("anna",))])
    assert [leak.kind for leak in found] == ["pair", "identity"]


def test_nothing_leaks_within_a_split_without_one_or_between_data_sets():
    assert not leaks([clip("a", "train", "p", ("anna", "anna")), clip("b", "train", "p", ("anna",))])
    assert not leaks([clip("a", "train", "p"), clip("b", None, "p")])
    assert not leaks([clip("a", "train"), clip("b", "test")])
    assert not leaks([clip("a", "train", "p", dataset="x"), clip("a", "test", "p", dataset="y")])


def test_the_official_splits_of_ffpp_keep_pairs_and_people_apart(tmp_path):
    found = get_reader("ffpp").read(trees.ffpp(tmp_path))
    listed = [*found.clips, *found.absent]
    assert len(listed) > 6000
    assert not leaks(listed)

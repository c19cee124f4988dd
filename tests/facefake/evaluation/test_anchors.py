from facefake.evaluation.anchors import anchors
from preprocessing.datasets import READERS

KEYS = {"method", "dataset", "metric", "level", "value", "source", "note"}


def test_every_published_figure_is_an_auc_of_a_video_with_its_source():
    every = anchors(READERS)
    assert len(every) > 35
    for anchor in every:
        assert set(anchor) == KEYS
        assert (anchor["metric"], anchor["level"]) == ("auc", "video")
        assert 0.7 < anchor["value"] < 1
        assert anchor["source"]


def test_each_publication_has_one_figure_a_set():
    pairs = [(anchor["method"], anchor["dataset"]) for anchor in anchors(READERS)]
    assert len(set(pairs)) == len(pairs)


def test_only_the_sets_asked_for_are_given():
    assert {anchor["dataset"] for anchor in anchors(["dfdcp", "folder"])} == {"dfdcp"}
    assert anchors([]) == []


def test_what_is_not_its_authors_own_figure_says_so():
    notes = {anchor["method"]: anchor["note"] for anchor in anchors(["celebdf"])}
    assert "second-hand" in notes["CLIP ViT-L/14, LN-tuning"]
    assert "second-hand" not in notes["BiasConsist"]
    assert "DFDC" in {anchor["method"]: anchor["note"] for anchor in anchors(["dfdcp"])}["LAA-Net with SBI"]

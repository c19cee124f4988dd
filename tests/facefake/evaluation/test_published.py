import pytest

from facefake.evaluation.published import load_published
from facefake.evaluation.study import load_study
from preprocessing.datasets import get_reader
from preprocessing.errors import FacefakeError

PAPER = load_published("clipping")
MERGES = load_study("generators").merges


def sets_of(strategy, without=()):
    parts = {part for parts in MERGES.values() for part in parts}
    return [name for name in PAPER.generators[strategy].figures if name not in parts | set(without)] + list(MERGES)


@pytest.mark.parametrize("mean", [mean for mean in PAPER.means if mean.macro_f1], ids=lambda mean: mean.strategy)
def test_the_tables_average_to_the_means_their_authors_give(mean):
    generators = sets_of(mean.strategy)
    assert len(generators) == mean.sets
    found = PAPER.mean_over(mean.strategy, generators, MERGES)
    assert found["accuracy"] == pytest.approx(mean.accuracy / 100, abs=5e-4)  # the tables have one decimal
    assert found["ap"] == pytest.approx(mean.ap / 100, abs=5e-4)


def test_faceswap_is_what_the_sets_differ_by():
    assert set(sets_of("adapter")) - set(sets_of("prompt")) == {"faceswap"}
    assert len(sets_of("adapter", without=["faceswap"])) == 20


def test_generators_are_called_as_the_reader_calls_them():
    reader = get_reader("clipping")
    there = {official.method for official in reader.official} - set(reader.reals)
    for table in PAPER.generators.values():
        assert set(table.figures) <= there
    assert set(PAPER.generators["adapter"].figures) == there


def test_a_mean_is_of_all_generators_or_there_is_none():
    assert PAPER.on("prompt", ["progan", "faceswap"]) is None
    assert PAPER.mean_over("prompt", ["progan", "flux"], MERGES) is None
    assert PAPER.on("lora", ["progan"]) is None
    assert PAPER.on("prompt", []) is None
    assert PAPER.mean_over("prompt", ["dalle3", "glide"], MERGES) == pytest.approx(
        {"accuracy": (0.513 + (0.947 + 0.924 + 0.916) / 3) / 2, "ap": (0.752 + (0.995 + 0.993 + 0.992) / 3) / 2},
        abs=1e-6,
    )


def test_a_figure_above_100_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("source: me\ngenerators: {linear: {images: 2, method: x, figures: {a: [101, 5]}}}\n")
    with pytest.raises(FacefakeError, match="less than or equal to 100") as caught:
        load_published(path)
    assert caught.value.code == "study_invalid"

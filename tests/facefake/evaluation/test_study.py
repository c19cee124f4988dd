import pytest

from facefake.evaluation.published import load_published
from facefake.evaluation.study import Study, load_study, shipped_studies
from preprocessing.errors import FacefakeError
from preprocessing.resources import configs_dir

NAMES = [path.stem for path in (configs_dir() / "studies").glob("*.yaml")]
VALUES = {"recipes": ["image-prompt"], "train": "progan", "tests": ["ufd"]}


def study(**values):
    return Study.model_validate(VALUES | values)


def test_the_five_studies_are_shipped_and_say_what_they_are_about():
    assert sorted(NAMES) == ["data-size", "few-shot", "generators", "robustness", "strategies"]
    assert all(len(about) > 20 for about in shipped_studies().values())


@pytest.mark.parametrize("name", NAMES)
def test_every_run_of_a_shipped_study_has_a_valid_config_of_its_own(name):
    read = load_study(name)
    runs = list(read.runs())
    assert len({run.name for run in runs}) == len(runs) == len({run.config().sha256 for run in runs})
    for run in runs:
        config = run.config()
        assert config.seed == run.seed
        assert config.data.per_class == (run.per_class or config.data.per_class) is not None
        assert config.data.val_split == "val"
    assert load_published(read.published).means
    assert [len(parts) for parts in read.merges.values()] == [3, 3]


def test_the_generators_are_trained_on_as_many_pictures_as_the_papers():
    paper = load_published("clipping")
    for run in load_study("generators").runs():
        config = run.config()
        assert 2 * config.data.per_class == paper.generators[config.strategy].images


def test_the_sizes_are_the_papers():
    paper = load_published("clipping")
    of_paper = {mean.images for mean in paper.means if mean.corruption is None and mean.images > 640}
    assert {2 * size for size in load_study("data-size").per_class} == of_paper
    assert 2 * max(load_study("few-shot").per_class) == 640


def test_few_shots_are_validated_on_as_few():
    for run in load_study("few-shot").runs():
        assert run.config().data.val_per_class == run.per_class <= 320


@pytest.mark.parametrize(("asked", "of_size_8"), [(None, 8), (3, 3), (50, 8)])
def test_no_size_is_validated_on_more_than_it_is_trained_on(asked: int | None, of_size_8: int):
    few, all_there_is = study(training={"data.val_per_class": asked}, per_class=[8, None]).runs()
    assert few.config().data.val_per_class == of_size_8
    assert all_there_is.config().data.val_per_class == asked


def test_robustness_has_the_papers_levels_among_its_own():
    ladders = load_study("robustness").corruptions
    levels = {str(corruption) for ladder in ladders for corruption in ladder.corruptions}
    assert {mean.corruption for mean in load_published("clipping").means if mean.corruption} <= levels
    assert {ladder.kind for ladder in ladders} == {"jpeg", "blur", "resize", "noise", "webp"}


def test_training_settings_come_from_the_study_the_recipe_the_size_and_the_seed():
    recipe = {"config": "image-prompt", "name": "short", "training": {"trainer.epochs": 3}}
    read = study(recipes=[recipe], training={"trainer.epochs": 2, "data.batch_size": 4}, per_class=[8], seeds=[5])
    (run,) = read.runs()
    config = run.config()
    assert run.name == "short-8-s5"
    assert (config.trainer.epochs, config.data.batch_size, config.data.per_class, config.seed) == (3, 4, 8, 5)


def test_a_study_can_be_changed_on_the_command_line():
    read = study().changed(["training.backbone.name=tiny-vit", "per_class=[4, null]"], ["forensynths"], seeds=3)
    assert [run.name for run in read.runs()][:4] == ["prompt-4-s0", "prompt-4-s1", "prompt-4-s2", "prompt-s0"]
    assert next(read.runs()).config().backbone.name == "tiny-vit"
    assert [each.dataset for each in read.tests] == ["forensynths"]


@pytest.mark.parametrize(
    ("values", "key", "near"),
    [
        ({"test": []}, "test", "tests"),
        ({"recipes": [{"confg": "x", "config": "y"}]}, "recipes.0.confg", "config"),
        ({"corruptions": [{"kind": "jpeg", "level": [3]}]}, "corruptions.0.level", "levels"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest(tmp_path, values, key, near):
    path = tmp_path / "mine.yaml"
    path.write_text(str({**VALUES, **values}))
    with pytest.raises(FacefakeError) as caught:
        load_study(path)
    assert (caught.value.code, caught.value.message) == ("config_unknown_key", f"there is no key {key}")
    assert near in caught.value.hint


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["tests=[celebdf]"], "celebdf holds no whole pictures"),
        (["tests=[ufdd]"], "did you mean 'ufd'|ufd"),
        (["seeds=[1, 1]"], "the seed 1 stands twice"),
        (["recipes=[image-prompt, image-prompt]"], "the recipe prompt stands twice"),
        (["merges={a: [x, y], b: [y, z]}"], "the merged set y stands twice"),
        (["corruptions=[{kind: jpeg, levels: [50], at: frame}]"], "leave out `at`"),
        (["corruptions=[{kind: h264, levels: [30]}]"], "done to videos"),
        (["tests=["], "is no YAML"),
        (["seeds"], "sets nothing"),
        (["recipes=[]"], "at least 1"),
        (["trainer.epochs=3"], "no key of a study"),
        (["recipes=image-full"], "recipes"),
        (["training.seed=3"], "what seeds are for"),
        (["per_class=[3]", "training.data.per_class=4"], "what per_class is for"),
    ],
)
def test_what_cannot_be_is_refused_in_words(overrides, words):
    with pytest.raises(FacefakeError, match=words) as caught:
        study().changed(overrides)
    assert caught.value.code == "study_invalid"


def test_what_is_changed_in_every_recipe_is_changed_in_those_that_said_otherwise():
    changed = load_study("generators").changed(["training.data.per_class=16"])
    assert {run.config().data.per_class for run in changed.runs()} == {16}
    both = load_study("generators").changed(["recipes=[image-full]", "training.trainer.epochs=7", "seeds=[3]"])
    assert [(run.name, run.config().trainer.epochs) for run in both.runs()] == [("full-s3", 7)]


def test_what_is_wrong_with_a_training_setting_is_said_when_it_is_read():
    with pytest.raises(FacefakeError) as caught:
        next(study().changed(["training.trainer.epoch=3"]).runs()).config()
    assert caught.value.code == "config_unknown_key"


def test_an_unknown_study_is_refused_with_those_there_are():
    with pytest.raises(FacefakeError, match="there is no study fewshot") as caught:
        load_study("fewshot")
    assert "few-shot" in caught.value.hint

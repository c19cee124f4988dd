from __future__ import annotations

from pathlib import Path

import pytest

from facefake.training.config import TrainConfig, load_config, parse_config
from facefake.training.schedule import lr_at
from preprocessing.errors import FacefakeError
from preprocessing.resources import configs_dir


def error_of(*args) -> FacefakeError:
    with pytest.raises(FacefakeError) as caught:
        load_config(*args)
    assert "pydantic" not in caught.value.message.lower()
    assert "\n" not in caught.value.message
    return caught.value


def test_the_default_recipe_is_the_shipped_one():
    assert load_config("face-ln") == TrainConfig()


def test_the_default_recipe_is_the_published_one():
    config = load_config("face-ln")
    assert (config.backbone.name, config.backbone.weights) == ("ViT-L-14-quickgelu", "openai")
    assert (config.strategy, config.head) == ("ln", "hyperspherical")
    assert (config.loss.cross_entropy, config.loss.uniformity, config.loss.alignment) == (1.0, 0.5, 0.1)
    assert (config.optimiser.lr, config.schedule.min_lr, config.optimiser.weight_decay) == (3e-4, 1e-5, 0)
    assert (config.schedule.warmup_epochs, config.schedule.cycle_epochs) == (1, 10)
    assert (config.data.batch_size, config.data.frames_per_clip) == (128, 32)
    assert (config.loss.slerp, config.loss.label_smoothing, config.data.pairing) == (False, 0, "none")


def test_the_first_papers_recipe():
    config = load_config("face-ln-first-paper")
    assert config.loss.slerp
    assert (config.optimiser.lr, config.schedule.min_lr, config.schedule.warmup_epochs) == (8e-5, 5e-5, 0)
    assert (config.augment.blur, config.augment.blur_kernel) == (1.0, (3, 7))
    assert config.trainer.epochs == config.schedule.cycle_epochs == 10


@pytest.mark.parametrize("path", sorted(configs_dir().glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_training_config_is_valid(path: Path):
    assert isinstance(load_config(path.stem), TrainConfig)


def test_overrides_are_yaml_and_win_over_the_file():
    config = load_config(
        "face-ln",
        ["optimiser.lr=1e-4", "augment.scale=[0.5, 2]", "augment.jpeg=null", "loss.slerp=true", "seed=7"],
    )
    assert config.optimiser.lr == 1e-4
    assert config.augment.scale == (0.5, 2.0)
    assert config.augment.jpeg is None
    assert config.loss.slerp is True
    assert config.seed == 7


def test_a_file_says_only_what_differs(tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("optimiser:\n  lr: 1e-4\n")  # YAML 1.1 reads 1e-4 as text
    assert load_config(tmp_path / "mine.yaml") == load_config("face-ln", ["optimiser.lr=0.0001"])


def test_an_empty_file_is_the_default_recipe(tmp_path: Path):
    (tmp_path / "empty.yaml").touch()
    assert load_config(tmp_path / "empty.yaml") == TrainConfig()


def test_a_dumped_config_reads_back(tmp_path: Path):
    config = load_config("face-ln-first-paper", ["seed=3"])
    (tmp_path / "config.yaml").write_text(config.to_yaml())
    again = load_config(tmp_path / "config.yaml")
    assert again == config
    assert again.sha256 == config.sha256 != load_config("face-ln-first-paper").sha256


@pytest.mark.parametrize(
    ("override", "key", "near"),
    [
        ("optimizer.lr=1", "optimizer", "optimiser"),
        ("optimiser.lrr=1", "optimiser.lrr", "optimiser.lr"),
        ("data.batchsize=1", "data.batchsize", "data.batch_size"),
        ("lr=1", "lr", "optimiser.lr"),
        ("trainer.max_epochs=3", "trainer.max_epochs", "epochs"),
        ("strategy.name=ln", "strategy.name", "name"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest_known(override: str, key: str, near: str):
    error = error_of("face-ln", [override])
    assert error.code == "config_unknown_key"
    assert key in error.message
    assert near in error.hint


def test_unknown_key_in_a_file(tmp_path: Path):
    (tmp_path / "typo.yaml").write_text("augment:\n  filp: 0.5\n")
    error = error_of(tmp_path / "typo.yaml")
    assert (error.code, error.hint) == ("config_unknown_key", "Did you mean augment.flip?")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("optimiser.lr=fast", "optimiser.lr = 'fast'"),
        ("optimiser.lr=-1", "optimiser.lr = -1"),
        ("optimiser.lr=.nan", "optimiser.lr"),
        ("optimiser.lr=1e-6", "min_lr must not be above"),
        ("strategy=lorra", "strategy = 'lorra'"),
        ("strategy=prompt", "set head to text"),
        ("head=text", "set backbone.feature to joint"),
        ("prompt.context=0", "prompt.context = 0"),
        ("schedule.warmup_lr=1", "warmup_lr must not be above"),
        ("optimiser.momentum=0.9", "momentum is of sgd"),
        ("augment.blur_sigma=[0, 1]", "blur_kernel null"),
        ("augment.crop_area=[0.5, 1.5]", "augment.crop_area.1 = 1.5"),
        ("data.geometry.template=gend", "data.geometry.template = 'gend'"),
        ("data.geometry={template: crop, scale: 1.5}", "crop does not resize"),
        ("data.batch_size=1", "data.batch_size = 1"),
        ("data.batch_size=2.5", "data.batch_size = 2.5"),
        ("data.val_split=train", "must differ"),
        ("augment.scale=[2, 1]", "scale must be written"),
        ("augment.blur_kernel=[2, 3]", "odd"),
        ("loss.cross_entropy=0", "cross_entropy must be above 0"),
        ("trainer.precision=int8", "trainer.precision = 'int8'"),
        ("seed=-1", "seed = -1"),
        ("optimiser=3", "optimiser = 3"),
        ("seed", "sets nothing"),
        ("seed=[", "no YAML"),
    ],
)
def test_wrong_values_are_said_in_plain_words(override: str, says: str):
    error = error_of("face-ln", [override])
    assert error.code == "config_invalid"
    assert says in error.message


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2\n", "just words", "\x00"])
def test_a_file_that_is_no_config(tmp_path: Path, text: str):
    (tmp_path / "bad.yaml").write_text(text)
    assert error_of(tmp_path / "bad.yaml").code == "config_invalid"


def test_no_such_config_lists_those_there_are():
    error = error_of("face-lm")
    assert error.code == "config_not_found"
    assert "face-ln" in error.hint


def test_parsing_plain_values():
    assert parse_config({"seed": "4"}).seed == 4


PAPER = ("image-prompt-paper", "image-adapter-paper", "image-linear-paper", "image-full-paper")


def rates(config: TrainConfig, steps: int = 3) -> list[float]:
    total = config.trainer.epochs * steps
    return [lr_at(step, config.schedule, lr=config.optimiser.lr, steps_per_epoch=steps) for step in range(total)]


@pytest.mark.parametrize(
    ("name", "strategy", "head", "expected"),
    [
        ("image-prompt-paper", "prompt", "text", [1e-5] * 3 + [2e-3] * 3),
        ("image-adapter-paper", "adapter", "text", [1e-5] * 3 + [2e-3] * 3),
        ("image-linear-paper", "linear", "linear", [3e-3] * 6),
        ("image-full-paper", "full", "text", [1e-5] * 3),
    ],
)
def test_the_general_image_papers_recipes(name: str, strategy: str, head: str, expected: list[float]):
    config = load_config(name)
    assert (config.strategy, config.head, config.seed, config.selection) == (strategy, head, 17, "last")
    assert config.backbone.model_dump() == {"name": "ViT-L-14-quickgelu", "weights": "openai", "feature": "joint"}
    assert (config.data.batch_size, config.trainer.precision, config.trainer.accumulate) == (16, "fp32", 1)
    assert (config.loss.cross_entropy, config.loss.uniformity, config.loss.alignment) == (1, 0, 0)
    assert (config.augment.flip, config.augment.jpeg, config.augment.blur, config.augment.downscale) == (
        0.5,
        None,
        0,
        0,
    )
    assert (config.augment.brightness, config.augment.contrast, config.augment.degrees) == (0, 0, 0)
    assert config.data.geometry.scale == 1
    # a view an epoch is what encoding in every epoch comes to
    assert config.data.cached_views == (None if strategy == "full" else config.trainer.epochs)
    assert rates(config) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["image-prompt-paper", "image-adapter-paper", "image-full-paper"])
def test_the_recipes_of_the_papers_three_text_strategies(name: str):
    config = load_config(name)
    sgd = config.optimiser
    assert (sgd.name, sgd.momentum, sgd.weight_decay) == ("sgd", 0.9, 5e-4)
    assert (config.augment.crop, config.augment.crop_area, config.augment.one_of.probability) == (
        "resized",
        (0.08, 1),
        0,
    )
    assert (config.data.per_class, config.data.geometry.template) == (100_000, "resize-crop")
    assert config.text.classes == ("real", "fake")


def test_what_only_one_of_the_papers_recipes_has():
    prompt, adapter, linear, _ = map(load_config, PAPER)
    assert (prompt.prompt.context, prompt.prompt.class_position, prompt.prompt.init) == (16, "front", None)
    assert not prompt.prompt.class_specific
    assert (adapter.adapter.reduction, adapter.adapter.ratio, adapter.text.template) == (2, 0.4, "a {} photo.")
    assert (linear.optimiser.name, linear.optimiser.momentum, linear.optimiser.weight_decay) == ("sgd", 0, 0)
    assert (linear.data.geometry.template, linear.augment.crop, linear.data.per_class) == ("squash", "none", 40_000)
    change = linear.augment.one_of
    assert (change.probability, change.zoom, change.rotate, change.translate, change.cutout) == (1, 1.5, 20, 20, 0.4)


@pytest.mark.parametrize("strategy", ["prompt", "linear", "adapter", "lora", "full"])
def test_our_own_recipes_of_general_images(strategy: str):
    config = load_config(f"image-{strategy}")
    assert (config.strategy, config.selection, config.data.val_split) == (strategy, "best", "val")
    assert (config.data.geometry.template, round(224 * config.data.geometry.scale)) == ("resize-crop", 256)
    augment = config.augment
    assert (augment.jpeg, augment.jpeg_probability, augment.blur, augment.blur_sigma) == ((30, 100), 0.5, 0.5, (0, 3))
    assert (augment.crop, augment.downscale) == ("random", 0.25)
    # they end at the lowest rate, with the last step
    assert config.schedule.cycle_epochs == pytest.approx(config.trainer.epochs - config.schedule.warmup_epochs)

from __future__ import annotations

from pathlib import Path

import pytest

from facefake.models.heads import HEADS
from facefake.models.strategies import STRATEGIES
from facefake.training.config import TrainConfig, load_config, parse_config
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


def test_what_a_config_may_name_is_what_there_is():
    fields = TrainConfig.model_fields
    assert set(fields["strategy"].annotation.__args__) == set(STRATEGIES)
    assert set(fields["head"].annotation.__args__) == set(HEADS)


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
        ("strategy=lora", "strategy = 'lora'"),
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

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from facefake.models.tuning import LoraSettings, Tuning, check_feature


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"strategy": "prompt"}, "set head to text"),
        ({"strategy": "linear", "head": "text"}, "trains nothing"),
        ({"strategy": "mlp"}, "Input should be"),
        ({"text": {"template": "a photo."}}, "{} once"),
        ({"text": {"template": "{} {}"}}, "{} once"),
        ({"text": {"classes": ["fake", "fake"]}}, "must differ"),
        ({"text": {"classes": ["real", " "]}}, "match pattern"),
        ({"prompt": {"context": 0}}, "greater than or equal to 1"),
        ({"prompt": {"class_position": "start"}}, "'front', 'middle' or 'end'"),
        ({"adapter": {"ratio": 0}}, "greater than 0"),
        ({"lora": {"targets": []}}, "at least 1 item"),
        ({"lora": {"dropout": 0.1}}, "not permitted"),
    ],
)
def test_what_cannot_be_is_refused_in_words(settings: dict, says: str):
    with pytest.raises(ValidationError, match=says.replace("{}", r"\{\}")):
        Tuning.model_validate(settings)


def test_defaults_are_the_papers():
    tuning = Tuning()
    assert (tuning.prompt.context, tuning.prompt.class_position, tuning.prompt.class_specific) == (16, "front", False)
    assert (tuning.text.template, tuning.text.classes) == ("a {} photo.", ("real", "fake"))
    assert (tuning.adapter.reduction, tuning.adapter.ratio) == (2, 0.4)
    assert tuning.lora == LoraSettings(rank=8, alpha=16, targets=("attention", "mlp"))


def test_words_need_the_joint_feature():
    check_feature("linear", "pooled")
    with pytest.raises(ValueError, match=r"backbone\.feature to joint"):
        check_feature("text", "pooled")


def test_settings_are_read_without_torch():
    code = "import sys, facefake.models.tuning; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

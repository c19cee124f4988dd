from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from facefake.opening.opened import open_published
from tests.facefake.importing.openai_clip import OpenAIClip
from tests.facefake.importing.picture_forms import Published, answers, imported, log_odds, refusal, save_base
from tests.facefake.importing.picture_models import Adapted, FineTuned, Probed, Prompted

MAKES: dict[str, Callable[[OpenAIClip], Published]] = {
    "clipping-prompt": Prompted,
    "clipping-adapter": Adapted,
    "clipping-linear": Probed,
    "clipping-full": lambda clip: FineTuned(tuned(clip)),
}
# of each, tensors without which it is none
NEEDED = {
    "clipping-prompt": ("ctx", "token_suffix"),
    "clipping-adapter": ("fc.0.weight", "fc.2.weight"),
    "clipping-linear": ("fc.linear.bias", "feature_extractor.visual.ln_post.bias"),
    "clipping-full": ("image_encoder.conv1.weight", "text_encoder.clip_model.ln_final.bias"),
}


def tuned(clip: OpenAIClip) -> OpenAIClip:
    """Another CLIP of the same make whose every weight has moved, the text tower's and the scale too."""
    other = OpenAIClip()
    other.load_state_dict({name: each + torch.randn(each.shape) * 0.02 for name, each in clip.state_dict().items()})
    return other


@pytest.fixture(scope="module")
def clip() -> OpenAIClip:
    return OpenAIClip()


@pytest.fixture(scope="module")
def base(clip: OpenAIClip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(clip, tmp_path_factory.mktemp("base") / "base.safetensors")


@pytest.fixture(scope="module")
def models(clip: OpenAIClip) -> dict[str, Published]:
    torch.manual_seed(0)
    return {name: make(clip) for name, make in MAKES.items()}


@pytest.fixture(scope="module")
def files(models: dict[str, Published], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What their authors would have published."""
    folder = tmp_path_factory.mktemp("published")
    for name, model in models.items():
        model.save(folder / name)
    return {name: folder / name for name in models}


def agrees(file: Path, name: str, base: Path, model: Published, out: Path) -> None:
    """The detector file says what the model says."""
    logits = answers(model)
    expected = logits[:, 1] - logits[:, 0]
    imported(file, name, base, out)
    torch.testing.assert_close(log_odds(out), expected, atol=1e-5, rtol=1e-5)
    assert (log_odds(out) + expected).abs().max() > 1e-2  # its opposite would be far off


@pytest.mark.parametrize("name", MAKES)
def test_the_detector_file_says_what_the_published_model_says(name, models, files, base, tmp_path):
    agrees(files[name], name, base, models[name], tmp_path / "out.safetensors")


@pytest.mark.parametrize("contexts", [(4,), (2, 8)], ids=["4 for both", "8 for each"])
def test_a_prompt_may_be_of_any_length_and_of_each_class_its_own(contexts, clip, base, tmp_path):
    torch.manual_seed(1)
    model = Prompted(clip, contexts)
    model.save(tmp_path / "published")
    agrees(tmp_path / "published", "clipping-prompt", base, model, tmp_path / "out.safetensors")


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("clipping-prompt", {"head"}),
        ("clipping-adapter", {"head", "adapter"}),
        ("clipping-linear", {"head"}),
        ("clipping-full", {"head", "backbone"}),
    ],
)
def test_the_detector_file_holds_what_was_tuned_and_no_text_tower(name, held, files, base, tmp_path):
    card = imported(files[name], name, base, tmp_path / "out.safetensors")
    assert {tensor.split(".")[0] for tensor in load_file(tmp_path / "out.safetensors")} == held
    assert card.origin is not None
    assert card.origin.base_deviation == (0 if name == "clipping-linear" else None)  # the others hold nothing untuned


def test_a_file_in_half_precision_throughout_belongs_to_its_base(files, base, tmp_path):
    state = {name: tensor.half() for name, tensor in open_published(files["clipping-linear"]).tensors.items()}
    torch.save(state, tmp_path / "half.pth")
    card = imported(tmp_path / "half.pth", "clipping-linear", base, tmp_path / "out.safetensors")
    assert card.origin is not None
    assert card.origin.base_deviation == 0


@pytest.mark.parametrize("name", ["clipping-prompt", "clipping-linear"])
def test_another_base_is_told(name, files, tmp_path):
    other = save_base(OpenAIClip(seed=1), tmp_path / "other.safetensors")
    assert refusal(files[name], name, other).code == "backbone_mismatch"


@pytest.mark.parametrize("name", ["clipping-prompt", "clipping-adapter"])
def test_a_base_without_a_text_tower_is_told(name, clip, files, tmp_path):
    visual = {name: each for name, each in clip.state_dict().items() if name.startswith("visual.")}
    torch.save(visual, tmp_path / "visual.pt")
    assert refusal(files[name], name, tmp_path / "visual.pt").code == "weights_invalid"


@pytest.mark.parametrize("classes", [("fake", "real"), ("genuine", "forged")])
def test_a_prompt_learned_with_other_classes_is_refused(classes, clip, base, tmp_path):
    Prompted(clip, classes=classes).save(tmp_path / "published")
    error = refusal(tmp_path / "published", "clipping-prompt", base)
    assert error.code == "import_mismatch"
    assert "its classes are others than real and fake, in that order" in error.message


@pytest.mark.parametrize("context", [(32,), (0, 32), (16, 33), (3, 16, 32), (80, 32), (15, 32)])
def test_a_prompt_of_another_shape_is_told(context, files, base, tmp_path):
    state = open_published(files["clipping-prompt"]).tensors | {"ctx": torch.zeros(context)}
    torch.save(state, tmp_path / "published")
    assert refusal(tmp_path / "published", "clipping-prompt", base).code == "import_mismatch"


@pytest.mark.parametrize("widths", [(0, 0), (12, 12), (64, 64), (16, 8)])
def test_an_adapter_of_another_shape_is_told(widths, base, tmp_path):
    state = {"fc.0.weight": torch.zeros(widths[0], 32), "fc.2.weight": torch.zeros(32, widths[1])}
    torch.save(state, tmp_path / "published")
    assert refusal(tmp_path / "published", "clipping-adapter", base).code == "import_mismatch"


@pytest.mark.parametrize("name", MAKES)
def test_a_file_of_another_form_is_told_for_what_it_is(name, files, base):
    for other in MAKES.keys() - {name}:
        error = refusal(files[other], name, base)
        assert error.code == "import_mismatch"
        assert "It looks like" in error.message


@pytest.mark.parametrize(("name", "missing"), [(name, tensor) for name, needed in NEEDED.items() for tensor in needed])
def test_a_tensor_less_is_told(name, missing, files, base, tmp_path):
    state = open_published(files[name]).tensors
    del state[missing]
    torch.save(state, tmp_path / "published")
    error = refusal(tmp_path / "published", name, base)
    assert error.code == "import_mismatch"
    assert ".".join(missing.split(".")[-2:]) in error.message


@pytest.mark.parametrize("name", MAKES)
def test_a_file_that_was_cut_short_is_damaged(name, files, base, tmp_path):
    (tmp_path / "published").write_bytes(files[name].read_bytes()[:-1000])
    assert refusal(tmp_path / "published", name, base).code == "import_damaged"

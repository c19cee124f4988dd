"""Published detectors of pictures, as transformers runs them and as their repositories do."""

from __future__ import annotations

import pytest
import torch

from facefake.importing.forms import FORMS
from facefake.opening.opened import open_published
from facefake.probes import generated_pictures
from facefake.verifying.originals import BUILD, original
from facefake.verifying.verify import verify
from preprocessing.errors import FacefakeError
from tests.facefake.importing.openai_clip import SIZE, OpenAIClip
from tests.facefake.importing.picture_forms import save_base, small_entry
from tests.facefake.importing.picture_models import Adapted, FineTuned, Probed, Prompted, UniversalFakeDetect

MAKES = {
    "ufd-clip-l14": UniversalFakeDetect,
    "clipping-prompt": Prompted,
    "clipping-adapter": Adapted,
    "clipping-linear": Probed,
    "clipping-full": lambda _: FineTuned(OpenAIClip(seed=1)),
}


@pytest.fixture(scope="module")
def clip():
    return OpenAIClip()


@pytest.fixture(scope="module")
def base(clip, tmp_path_factory):
    return save_base(clip, tmp_path_factory.mktemp("base") / "base.safetensors")


@pytest.mark.parametrize("name", MAKES)
def test_it_answers_as_their_code_does_and_the_detector_file_answers_as_it(name, clip, base, tmp_path, monkeypatch):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path))
    torch.manual_seed(0)
    model, file, entry = MAKES[name](clip), tmp_path / "published", small_entry(name, base)
    model.save(file)
    pictures = torch.randn(4, 3, SIZE, SIZE)
    with torch.no_grad():
        logits = model(pictures)
        found = original(open_published(file), entry)(pictures)
    expected = logits[:, -1] - (logits[:, 0] if logits.shape[1] == 2 else 0)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    checks = {check.what.split()[0]: check.outcome for check in verify(entry, generated_pictures(SIZE), file=file)}
    assert checks["answers"] == "ok"
    assert checks["base"] == ("ok" if name == "clipping-linear" else "unknown")  # the others hold nothing untuned


def test_there_is_an_original_of_every_form():
    assert BUILD.keys() == FORMS.keys()


def test_a_base_that_is_not_here_is_said(clip, base, tmp_path):
    UniversalFakeDetect(clip).save(tmp_path / "published")
    with pytest.raises(FacefakeError) as caught:
        original(open_published(tmp_path / "published"), small_entry("ufd-clip-l14", base.with_name("none.pt")))
    assert caught.value.code == "weights_not_found"

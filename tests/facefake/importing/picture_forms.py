"""A published picture detector through the importer, and what it answers before and after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from facefake.importing.convert import convert
from facefake.models import BackboneSpec, DetectorCard, load_detector
from facefake.registry.entries import find
from facefake.registry.entry import Entry
from preprocessing.errors import FacefakeError
from tests.facefake.importing.openai_clip import SIZE, OpenAIClip

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class Published(Protocol):
    """A published detector: its answers, and the file its authors would have published."""

    def __call__(self, pictures: Tensor) -> Tensor: ...

    def save(self, path: Path) -> None: ...


def save_base(clip: OpenAIClip, path: Path) -> Path:
    """The weights of a CLIP, as a file."""
    save_file({name: tensor.contiguous() for name, tensor in clip.state_dict().items()}, path)
    return path


def small_entry(name: str, base: Path) -> Entry:
    """What the registry says of a detector, on a small base."""
    known = find(name)
    return replace(known, backbone=BackboneSpec("tiny-clip", str(base), known.backbone.feature))


def imported(file: Path, name: str, base: Path, out: Path) -> DetectorCard:
    """Import a published file, on a small base."""
    return convert(file, small_entry(name, base), out)


def refusal(file: Path, name: str, base: Path) -> FacefakeError:
    """The error of a file that is not imported, of which nothing is left behind."""
    out = file.with_name("refused.safetensors")
    with pytest.raises(FacefakeError) as caught:
        imported(file, name, base, out)
    assert not out.exists()
    return caught.value


def pictures() -> NDArray[np.uint8]:
    """(6, size, size, 3)."""
    return np.random.default_rng(1).integers(0, 256, (6, SIZE, SIZE, 3), np.uint8)


def answers(model: Published) -> Tensor:
    """The model's logits for the pictures, which are normalised as its authors do."""
    batch = torch.from_numpy(pictures()).permute(0, 3, 1, 2).double() / 255
    batch = (batch - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    with torch.no_grad():
        return model(batch.float())


def log_odds(detector_file: Path) -> Tensor:
    """The logit of fake over that of real, for the pictures, of a detector file."""
    probability = torch.from_numpy(load_detector(detector_file, "cpu", precision="fp32").score(list(pictures())))
    return torch.logit(probability).float()

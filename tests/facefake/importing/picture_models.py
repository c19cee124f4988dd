"""Published detectors of general images, built as their papers and repositories describe them, with random weights.

Each answers logits for normalised pictures, and its ``save`` writes the file its authors' code would have published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from tests.facefake.importing.openai_clip import DIM, TEXT_WIDTH, OpenAIClip, tokenize


class UniversalFakeDetect(nn.Module):
    """One logit of fake on the feature as it is; the head alone is published."""

    def __init__(self, clip: OpenAIClip) -> None:
        super().__init__()
        self.model, self.fc = clip, nn.Linear(DIM, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 1)."""
        return self.fc(self.model.encode_image(pictures))

    def save(self, path: Path) -> None:
        torch.save(self.fc.state_dict(), path)


class PromptLearner(nn.Module):
    """Context behind each class's name; held in half precision, as CLIP is on the authors' GPU."""

    def __init__(self, clip: OpenAIClip, classes: list[str], contexts: tuple[int, ...]) -> None:
        super().__init__()
        self.ctx = nn.Parameter((torch.randn(*contexts, TEXT_WIDTH) * 0.5).half())
        tokens = tokenize(*(" ".join(["X"] * contexts[-1]) + f" {name}." for name in classes))
        embeddings = clip.token_embedding(tokens).half()
        self.register_buffer("token_prefix", embeddings[:, :1])
        self.register_buffer("token_suffix", embeddings[:, 1 + contexts[-1] :])

    def forward(self) -> Tensor:
        """(n, 77, width) sentences: start, class, context, full stop, end."""
        context = self.ctx.expand(len(self.token_prefix), -1, -1)
        name, rest = self.token_suffix[:, :1], self.token_suffix[:, 1:]
        return torch.cat([self.token_prefix, name, context, rest], dim=1)


class Prompted(nn.Module):
    """CoOp; what is learned of it is published, in a checkpoint of Dassl."""

    def __init__(
        self, clip: OpenAIClip, contexts: tuple[int, ...] = (16,), classes: tuple[str, str] = ("real", "fake")
    ) -> None:
        super().__init__()
        self.clip, self.prompt_learner = clip, PromptLearner(clip, list(classes), contexts)
        self.tokens = tokenize(*(" ".join(["X"] * contexts[-1]) + f" {name}." for name in classes))

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 2)."""
        text = self.clip.encode_embeddings(self.prompt_learner().float(), self.tokens)
        return self.clip.compare(self.clip.encode_image(pictures), text)

    def save(self, path: Path) -> None:
        save_dassl(self.prompt_learner, path)


class Adapted(nn.Module):
    """CLIP-Adapter beside a fixed sentence; the adapter is published, in a checkpoint of Dassl."""

    def __init__(self, clip: OpenAIClip) -> None:
        super().__init__()
        self.clip, self.adapter = clip, nn.Module()
        down, up = nn.Linear(DIM, DIM // 2, bias=False), nn.Linear(DIM // 2, DIM, bias=False)
        self.adapter.fc = nn.Sequential(down, nn.ReLU(), up, nn.ReLU())

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 2)."""
        feature = self.clip.encode_image(pictures)
        feature = 0.4 * self.adapter.fc(feature) + 0.6 * feature
        return self.clip.compare(feature, self.clip.encode_text(tokenize("a real photo.", "a fake photo.")))

    def save(self, path: Path) -> None:
        save_dassl(self.adapter, path)


class Probed(nn.Module):
    """Two logits on the feature as it is; published with the whole CLIP, the probe in half precision."""

    def __init__(self, clip: OpenAIClip) -> None:
        super().__init__()
        self.feature_extractor, self.fc = clip, nn.Module()
        self.fc.linear = nn.Linear(DIM, 2).half()

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 2)."""
        weight, bias = self.fc.linear.weight.float(), self.fc.linear.bias.float()
        return self.feature_extractor.encode_image(pictures) @ weight.t() + bias

    def save(self, path: Path) -> None:
        torch.save(self.state_dict(), path)


class FineTuned(nn.Module):
    """A whole CLIP that was tuned, beside a fixed sentence; published whole, its visual tower under two names."""

    def __init__(self, clip: OpenAIClip) -> None:
        super().__init__()
        self.image_encoder, self.logit_scale = clip.visual, clip.logit_scale
        self.text_encoder = nn.Module()
        self.text_encoder.clip_model = clip

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 2)."""
        clip = self.text_encoder.clip_model
        return clip.compare(self.image_encoder(pictures), clip.encode_text(tokenize("a real photo.", "a fake photo.")))

    def save(self, path: Path) -> None:
        save_dassl(self, path)


class ConstantWarmupScheduler(LRScheduler):
    """Dassl's: it keeps its successor, a whole scheduler with an optimiser, in its state."""

    def __init__(self, optimizer: torch.optim.Optimizer, successor: LRScheduler) -> None:
        self.successor, self.warmup_epoch, self.cons_lr = successor, 1, 1e-5
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        return [self.cons_lr for _ in self.base_lrs]


def save_dassl(module: nn.Module, path: Path) -> None:
    """A checkpoint as Dassl's trainers write it after two epochs of SGD."""
    parameters = [parameter.detach().clone().requires_grad_() for parameter in module.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.002, momentum=0.9, weight_decay=5e-4)
    scheduler = ConstantWarmupScheduler(optimizer, CosineAnnealingLR(optimizer, 2.0))
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    scheduler.step()
    checkpoint: dict[str, Any] = {
        "state_dict": module.state_dict(),
        "epoch": 2,
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "val_result": None,
    }
    torch.save(checkpoint, path)

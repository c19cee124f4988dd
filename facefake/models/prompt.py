"""The head ``text``: each class is a sentence, and a picture is compared with both."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facefake.models.heads import HypersphericalHead, Output
from facefake.models.text import TextTower
from facefake.models.tuning import ClassPosition, PromptSettings, TextSettings

_DEVIATION = 0.02  # of random context vectors, as in CoOp


class Prompt(nn.Module):
    """Learned context vectors among the embeddings of each class's sentence (CoOp, arXiv:2109.01134).

    Args:
        context: First values: (m, width) for all classes, (n, m, width) with vectors of its own for each class.
        order: (n, length) where each position of the sentence ``[start][context][class][.][end]`` is taken from.
    """

    def __init__(self, context: Tensor, order: Tensor) -> None:
        super().__init__()
        self.context = nn.Parameter(context)
        self.register_buffer("order", order, persistent=False)
        self.order: Tensor

    def forward(self, embeddings: Tensor) -> Tensor:
        """Embeddings (n, length, width), with placeholders after the start, to those of the learned sentences."""
        n, count = len(embeddings), self.context.shape[-2]
        context = self.context.expand(n, -1, -1)
        learned = torch.cat([embeddings[:, :1], context, embeddings[:, 1 + count :]], dim=1)
        return learned.take_along_dim(self.order[:, :, None], dim=1)


class TextHead(nn.Module):
    """``exp(logit_scale)`` times the cosine of the feature with each class's sentence, computed in float32.

    Args:
        tower: Encodes the sentences.
        rows: (n, length) their tokens, see :meth:`facefake.models.text.TextTower.rows`.
        prompt: Changes their embeddings; ``None``: not at all.
    """

    def __init__(self, tower: TextTower, rows: Tensor, prompt: Prompt | None = None) -> None:
        super().__init__()
        self.tower = tower
        self.prompt = nn.Identity() if prompt is None else prompt
        self.register_buffer("rows", rows, persistent=False)
        self.rows: Tensor

    def weight(self) -> Tensor:
        """(n, dim) what a normalised feature is multiplied with."""
        points = self.tower(self.prompt(self.tower.embed(self.rows)), self.rows)
        return self.tower.logit_scale.exp() * F.normalize(points, dim=-1)

    def forward(self, feature: Tensor) -> Output:
        """(n, dim) features of the joint space to logits and embeddings."""
        with torch.autocast(feature.device.type, enabled=False):
            weight = self.weight()
            embedding = F.normalize(feature.to(weight.dtype), dim=-1)
            return Output(F.linear(embedding, weight), embedding)


def folded(head: TextHead) -> HypersphericalHead:
    """The same head without its text tower: a linear map of the normalised feature, bias 0, nothing of it trained."""
    with torch.no_grad():
        weight = head.weight()
    with torch.device("meta"):  # draws no random numbers
        plain = HypersphericalHead(weight.shape[1], len(weight))
    plain.load_state_dict({"linear.weight": weight, "linear.bias": weight.new_zeros(len(weight))}, assign=True)
    return plain.requires_grad_(False)


def template_head(tower: TextTower, text: TextSettings) -> TextHead:
    """Each class is the template with its name in it."""
    return TextHead(tower, tower.rows([tower.tokens(text.template.replace("{}", name)) for name in text.classes]))


def prompt_head(tower: TextTower, prompt: PromptSettings, text: TextSettings) -> TextHead:
    """Each class is context to be learned, its name and a full stop, in the order that is asked for."""
    words = tower.tokens(prompt.init) if prompt.init else tower.tokens("X") * prompt.context
    shape = (len(text.classes), len(words), tower.width) if prompt.class_specific else (len(words), tower.width)
    if prompt.init:
        context = tower.embed(torch.tensor(words)).detach().expand(shape).clone()
    else:
        context = torch.randn(shape) * _DEVIATION
    return learned_head(tower, context, prompt.class_position, text)


def learned_head(tower: TextTower, context: Tensor, class_position: ClassPosition, text: TextSettings) -> TextHead:
    """The same of given context: (m, width) for all classes, (n, m, width) with vectors of its own for each class."""
    count, stop = context.shape[-2], tower.tokens(".")
    names = [tower.tokens(name) for name in text.classes]
    rows = tower.rows([[*tower.tokens("X") * count, *name, *stop] for name in names])
    before = {"front": 0, "middle": count // 2, "end": count}[class_position]
    order = torch.tensor([_order(before, count, len(name), rows.shape[1]) for name in names])
    return TextHead(tower, rows, Prompt(context, order))


def _order(before: int, count: int, name: int, length: int) -> list[int]:
    """Positions in ``[start][context][class] ...`` such that ``before`` vectors of the context precede the class."""
    context, names = list(range(1, 1 + count)), list(range(1 + count, 1 + count + name))
    return [0, *context[:before], *names, *context[before:], *range(1 + count + name, length)]

"""The four forms of "CLIPping the Deception" as published (arXiv:2402.12927), all on the joint feature of one CLIP.

What is behind each file is told by the code of sfimediafutures/CLIPping-the-Deception: ``trainers/coop.py`` (prompt),
``trainers/clip_adapter.py``, ``models.py`` (linear) and ``trainers/fine_tuned.py`` (full). Classes are ``real`` and
``fake`` in that order. Three of the four compare the picture with a sentence for each class, which does not depend on
the picture: the text tower, the base's or the file's own, is asked once, and what it says becomes the head.
"""

from __future__ import annotations

import torch
from torch import Tensor

from facefake.importing.parts import Parts
from facefake.importing.taking import mismatch, take, take_head
from facefake.models.backbone import Backbone
from facefake.models.prompt import TextHead, folded, learned_head, template_head
from facefake.models.text import TextTower, fill_text, load_text
from facefake.models.tuning import AdapterSettings, TextSettings
from facefake.opening.opened import Opened
from preprocessing.errors import FacefakeError

_TEXT = TextSettings(template="a {} photo.", classes=("real", "fake"))
_RATIO = 0.4  # of the adapted feature, in trainers/clip_adapter.py


def clipping_prompt(opened: Opened, backbone: Backbone) -> Parts:
    """Read the prompt learner: context after each class's name, read by the base's text tower.

    Args:
        opened: ``ctx`` (m, width), or (2, m, width) with vectors of its own for each class; ``token_prefix``
            (2, 1, width) and ``token_suffix`` (2, rest, width), the embeddings around it in the base it was learned in.
        backbone: The base's visual tower.

    Raises:
        FacefakeError: ``import_mismatch``; ``backbone_mismatch`` if it was learned in another text tower; what
            :func:`facefake.models.text.load_text` raises.
    """
    expected = "CLIPping the Deception's prompt learner"
    tower = load_text(backbone.spec)
    context = _context(opened, expected, tower)
    try:
        head = learned_head(tower, context, "front", _TEXT)
    except FacefakeError as error:
        raise mismatch(opened, expected, error.message) from error
    _check_words(opened, expected, head, context.shape[-2])
    return Parts(tower={}, head=_state(head))


def clipping_adapter(opened: Opened, backbone: Backbone) -> Parts:
    """Read the adapter; beside it the base's text tower reads a fixed sentence for each class.

    Args:
        opened: ``fc.0.weight`` (width, dim) and ``fc.2.weight`` (dim, width).
        backbone: The base's visual tower.

    Raises:
        FacefakeError: ``import_mismatch``; what :func:`facefake.models.text.load_text` raises.
    """
    dim, first = backbone.dim, opened.tensors.get("fc.0.weight")
    width = len(first) if first is not None and first.ndim else 0
    wanted = {"fc.0.weight": (width, dim), "fc.2.weight": (dim, width)}
    expected = "CLIPping the Deception's adapter"
    down, up = take(opened, expected, wanted)
    if not 0 < width <= dim or dim // (dim // width) != width:
        raise mismatch(opened, expected, f"its bottleneck of {width} is no whole part of {dim}")
    return Parts(
        tower={},
        head=_state(template_head(load_text(backbone.spec), _TEXT)),
        adapter={"down.weight": down, "up.weight": up},
        adapter_settings=AdapterSettings(reduction=dim // width, ratio=_RATIO),
    )


def clipping_linear(opened: Opened, backbone: Backbone) -> Parts:
    """Read the linear probe: two logits on the feature, not normalised; the file holds the whole base beside it.

    Args:
        opened: ``fc.linear.weight`` (2, dim) and ``fc.linear.bias`` (2,); the base under ``feature_extractor``.
        backbone: The base's visual tower.

    Raises:
        FacefakeError: ``import_mismatch``.
    """
    expected = "CLIPping the Deception's linear probe"
    head = take_head(opened, expected, "fc.linear", backbone.dim)
    return Parts(tower=_below(opened, expected, "feature_extractor.visual."), head=head)


def clipping_full(opened: Opened, backbone: Backbone) -> Parts:
    """Read the fine-tuned CLIP: its own text tower, tuned too, reads the fixed sentences.

    Args:
        opened: The visual tower under ``image_encoder``; the whole model, which shares it, under
            ``text_encoder.clip_model``.
        backbone: The base's visual tower.

    Raises:
        FacefakeError: ``import_mismatch``.
    """
    expected = "CLIPping the Deception's fine-tuned CLIP"
    tower = _below(opened, expected, "image_encoder.")
    model = _below(opened, expected, "text_encoder.clip_model.")
    try:
        text = fill_text(backbone.spec.name, model, opened.path.name)
    except FacefakeError as error:
        raise mismatch(opened, expected, error.message) from error
    return Parts(tower=tower, head=_state(template_head(text, _TEXT)))


def _state(head: TextHead) -> dict[str, Tensor]:
    return dict(folded(head).state_dict())


def _below(opened: Opened, expected: str, prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that, as float32."""
    found = {name: value for name, value in opened.tensors.items() if name.startswith(prefix)}
    if not found:
        raise mismatch(opened, expected, f"nothing in it is called {prefix}*")
    return {name.removeprefix(prefix): value.float() for name, value in found.items()}


def _context(opened: Opened, expected: str, tower: TextTower) -> Tensor:
    """(m, width), or (2, m, width) with vectors of its own for each class."""
    found = opened.tensors.get("ctx")
    if found is None:
        raise mismatch(opened, expected, "ctx is missing")
    shape = tuple(found.shape)
    if len(shape) < 2 or shape[:-2] not in ((), (len(_TEXT.classes),)) or shape[-1] != tower.width or not shape[-2]:
        raise mismatch(opened, expected, f"ctx is {shape}, not vectors of {tower.width} numbers")
    return found.float()


def _check_words(opened: Opened, expected: str, head: TextHead, count: int) -> None:
    """The file repeats the embeddings its context was learned among: the start's, and those of what comes after it."""
    embeddings, length = head.tower.embed(head.rows).detach(), int(head.tower.text.context_length)
    n, _, width = embeddings.shape
    start, rest = take(
        opened, expected, {"token_prefix": (n, 1, width), "token_suffix": (n, length - 1 - count, width)}
    )
    if not _equal(start, embeddings[:, :1]):
        raise FacefakeError(
            "backbone_mismatch",
            f"{opened.path} was learned in another text tower: its token of start is embedded differently",
            "Bring the weights it was learned in, of the whole model, and name them with --base.",
        )
    after = embeddings[:, 1 + count :]
    if not _equal(rest[:, : after.shape[1]], after):
        raise mismatch(opened, expected, f"its classes are others than {' and '.join(_TEXT.classes)}, in that order")


def _equal(found: Tensor, base: Tensor) -> bool:
    """Whether they are one but for float16, which keeps 11 bits and nothing below 2 ** -25."""
    return torch.allclose(found, base, rtol=2.0**-11, atol=2.0**-25)

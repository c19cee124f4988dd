"""The text tower of a model, from the same weights as its visual one: tokens to points in the joint space.

It is loaded only to train with the head ``text``; a detector file never needs it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import huggingface_hub
import open_clip
import torch
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transformer import TextTransformer, text_global_pool
from torch import Tensor, nn

from facefake.models import weights as source
from facefake.models.origin import locate
from facefake.models.spec import HUB_PREFIX, BackboneSpec
from facefake.models.tower import quiet, random_model
from preprocessing.errors import FacefakeError

_PREFIX = "text."
_ANOTHER = "Use a CLIP model with OpenAI's tokeniser, e.g. ViT-L-14-quickgelu, or another head than text."


class TextTower(nn.Module):
    """A text tower that can start from embeddings, which is what a learned prompt is.

    Args:
        text: open_clip's text transformer.
        logit_scale: Logarithm of what cosines are multiplied with.
        tokenizer: Its tokeniser.
        name: The model's name, for errors.

    Raises:
        FacefakeError: ``backbone_unknown`` if the tower is of another make.
    """

    def __init__(self, text: nn.Module, logit_scale: nn.Parameter, tokenizer: SimpleTokenizer, name: str) -> None:
        super().__init__()
        if not isinstance(text, TextTransformer) or text.cls_emb is not None:
            raise FacefakeError(
                "backbone_unknown", f"the text tower of {name} is of another make than CLIP's", _ANOTHER
            )
        self.text = text
        self.logit_scale = logit_scale
        self._tokenizer, self._name = tokenizer, name

    @property
    def width(self) -> int:
        """Of the embeddings."""
        return int(self.text.token_embedding.embedding_dim)

    @property
    def dim(self) -> int:
        """Of the points."""
        return int(self.text.width if self.text.text_projection is None else self.text.output_dim)

    def tokens(self, words: str) -> list[int]:
        """The tokens of some words."""
        return [int(token) for token in self._tokenizer.encode(words)]

    def rows(self, sentences: Sequence[Sequence[int]]) -> Tensor:
        """Sentences of tokens to (n, length) int64, each between the tokens of start and end, then zeros.

        Where nothing reads what comes after the end (a causal tower that pools there), the rows are only as long as the
        longest sentence: the same answer, for a fraction of the work.

        Raises:
            FacefakeError: ``config_invalid`` if a sentence is too long, or the tower too small for its tokeniser.
        """
        longest, most = max(len(sentence) for sentence in sentences) + 2, int(self.text.context_length)
        if longest > most:
            raise FacefakeError(
                "config_invalid",
                f"a prompt takes {longest} tokens with those of start and end, and {self._name} reads {most}",
                "Lower prompt.context, or shorten prompt.init, text.template or text.classes.",
            )
        if int(self._tokenizer.vocab_size) > int(self.text.vocab_size):
            raise FacefakeError(
                "config_invalid",
                f"{self._name} has a toy text tower, which knows {self.text.vocab_size} tokens",
                "Use tiny-clip for trials, or a model of open_clip.",
            )
        stops = self.text.attn_mask is not None and self.text.pool_type in ("argmax", "eos")
        start, end, length = self._tokenizer.sot_token_id, self._tokenizer.eot_token_id, longest if stops else most
        full = [[start, *sentence, end] for sentence in sentences]
        return torch.tensor([row + [0] * (length - len(row)) for row in full])

    def embed(self, rows: Tensor) -> Tensor:
        """(n, length) tokens to (n, length, width) embeddings, without positions."""
        embeddings: Tensor = self.text.token_embedding(rows)
        return embeddings

    def forward(self, embeddings: Tensor, rows: Tensor) -> Tensor:
        """Sentences to points in the joint space, not normalised.

        Args:
            embeddings: (n, length, width); of another order or other words than ``rows``, but of the same lengths.
            rows: (n, length) tokens, which tell where each sentence ends.

        Returns:
            (n, dim) float32.
        """
        text, length = self.text, embeddings.shape[1]
        mask = None if text.attn_mask is None else text.attn_mask[:length, :length]
        x = text.transformer(embeddings + text.positional_embedding[:length], attn_mask=mask)
        x = text_global_pool(text.ln_final(x), rows, text.pool_type, eos_token_id=text.eos_id)
        projection = text.text_projection
        if isinstance(projection, nn.Linear):
            x = projection(x)
        elif projection is not None:
            x = x @ projection
        return x


def load_text(spec: BackboneSpec) -> TextTower:
    """Load the text tower that belongs to a backbone, in float32.

    Args:
        spec: The backbone's. Where the tower is put is told at :func:`facefake.models.backbone.load_backbone`.

    Raises:
        FacefakeError: What loading a backbone raises; ``backbone_unknown`` if the tower is of another make or needs a
            tokeniser that would have to be fetched; ``weights_invalid`` if the file holds no text tower.

    Example:
        >>> tower = load_text(BackboneSpec("tiny-clip", "random:0"))
        >>> tower.tokens("real.")
        [1532, 269]
    """
    origin = locate(spec)
    tokenizer = _tokenizer(spec.name)
    if isinstance(origin, Path):
        return fill_text(spec.name, source.read_tensors(origin), str(origin))
    model: Any = random_model(spec.name, origin, force_custom_text=True) if isinstance(origin, int) else origin
    return TextTower(model.text, model.logit_scale, tokenizer, spec.name)


def fill_text(name: str, tensors: dict[str, Tensor], whence: str) -> TextTower:
    """The text tower of a model, in float32, from tensors of the whole model.

    Args:
        name: The model's.
        tensors: As open_clip or OpenAI name them.
        whence: Where they come from, for errors.

    Raises:
        FacefakeError: ``weights_invalid`` if they hold no such tower; ``backbone_unknown`` as :func:`load_text`.
    """
    model: Any = _filled(name, tensors, whence)
    return TextTower(model.text, model.logit_scale, _tokenizer(name), name)


def _filled(name: str, tensors: dict[str, Tensor], whence: str) -> nn.Module:
    """A model of which only text tower and logit scale are filled; the rest has no memory."""
    state = open_clip.model.convert_to_custom_text_state_dict(tensors)
    state = {key: value.float() for key, value in state.items() if key.startswith(_PREFIX) or key == "logit_scale"}
    with torch.device("meta"), quiet():
        model: nn.Module = open_clip.create_model(name, force_custom_text=True, pretrained_text=False, device="meta")
    wanted = {key: value.shape for key, value in model.state_dict().items() if not key.startswith("visual.")}
    wanted.pop("logit_bias", None)  # the same for both classes
    if "logit_scale" in state:  # some files write the number as a list of one
        state["logit_scale"] = state["logit_scale"].reshape(wanted["logit_scale"])
    wrong = sorted(key for key in {*wanted, *state} if key not in state or wanted.get(key) != state[key].shape)
    if wrong:
        raise FacefakeError(
            "weights_invalid",
            f"{whence} does not hold the text tower of {name}: {len(wrong)} tensors are missing, unknown or of another "
            f"shape, e.g. {wrong[0]}",
            "The head text needs a file of the whole model; or use another head.",
        )
    model.load_state_dict(state, strict=False, assign=True)
    text: Any = model.text
    if text.attn_mask is not None:
        text.attn_mask = text.build_causal_mask()  # no file holds it
    return model


@cache
def _tokenizer(name: str) -> SimpleTokenizer:
    config = _text_config(name)
    needs_files = config.get("hf_tokenizer_name") or config.get("hf_model_name") or "siglip" in name.lower()
    if needs_files:
        raise FacefakeError("backbone_unknown", f"{name} has a tokeniser of its own, which is not here", _ANOTHER)
    with quiet():
        return open_clip.get_tokenizer(name)


def _text_config(name: str) -> dict[str, Any]:
    if not name.startswith(HUB_PREFIX):
        return dict(open_clip.get_model_config(name)["text_cfg"])
    file = huggingface_hub.hf_hub_download(name.removeprefix(HUB_PREFIX), "open_clip_config.json")
    return dict(json.loads(Path(file).read_text(encoding="utf-8"))["model_cfg"]["text_cfg"])

"""Visual towers of open_clip: built random or from a file, the feature they end at, their weights' digest."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import open_clip
import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch import nn

from facefake.models import weights as source
from facefake.models.trunk import measured_width, trunk_names
from facefake.models.tuning import Feature
from preprocessing.errors import FacefakeError, first_line
from preprocessing.resources import configs_dir

# the text tower is not used here: a toy one is built where open_clip insists on one
_NO_TEXT = {"layers": 1, "width": 8, "heads": 1, "vocab_size": 8, "context_length": 8}


def weights_digest(visual: nn.Module) -> str:
    """SHA-256 over name, dtype, shape and bytes of every tensor of a tower, sorted by name.

    Returns:
        64 hexadecimal digits; empty for a tower on the meta device, which has no bytes.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(visual.state_dict().items()):
        if tensor.is_meta:
            return ""
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(memoryview(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()))
    return digest.hexdigest()


def end_at(visual: nn.Module, feature: Feature, name: str) -> None:
    """Make a tower, in place, give a feature.

    Raises:
        FacefakeError: ``backbone_unknown`` if it does not have that feature.
    """
    if isinstance(visual, VisionTransformer) and visual.pool_type != "none":
        visual.output_tokens = False
        if feature == "pooled":
            visual.proj = None
    elif isinstance(visual, TimmModel) and (feature == "joint" or not hasattr(visual.head, "pool")):
        if feature == "pooled":
            visual.trunk.reset_classifier(0)
            visual.head = nn.Identity()
    elif isinstance(visual, VisionTransformer) or feature == "pooled":
        raise _no_pooled_feature(name)
    elif not isinstance(visual, ModifiedResNet):
        raise FacefakeError(
            "backbone_unknown", f"{name} is built as no tower that is known here", "Use e.g. ViT-L-14-quickgelu."
        )


def feature_width(visual: nn.Module, name: str) -> int:
    """Width of the feature a tower of :func:`end_at` gives.

    Raises:
        FacefakeError: ``config_invalid`` if it gives a map instead, or cannot take pictures of its own size.
    """
    if isinstance(visual, VisionTransformer):
        return int(visual.ln_post.normalized_shape[0] if visual.proj is None else visual.output_dim)
    if isinstance(visual, TimmModel):
        return measured_width(visual, name)
    return int(cast(ModifiedResNet, visual).output_dim)


def _no_pooled_feature(name: str) -> FacefakeError:
    return FacefakeError(  # pooling and projection are one, in CLIP's ResNets for example
        "backbone_unknown",
        f"{name} has no pooled feature before its projection",
        "Use a vision transformer, e.g. ViT-L-14-quickgelu, or set backbone.feature to joint.",
    )


def random_tower(name: str, seed: int) -> nn.Module:
    """A tower with its architecture's own first weights, on torch's default device."""
    return cast(nn.Module, random_model(name, seed, text_cfg=_NO_TEXT).visual)


def random_model(name: str, seed: int, **options: Any) -> nn.Module:
    """A whole model with its architecture's own first weights; torch's global generator is left as it was.

    Raises:
        FacefakeError: ``config_invalid`` if the model's config contradicts itself.
    """
    with torch.random.fork_rng(devices=[]), _building(name):
        torch.manual_seed(seed)
        model: nn.Module = open_clip.create_model(
            name, pretrained=None, pretrained_text=False, device=torch.get_default_device(), **options
        )
    return model


def tower_from_file(name: str, path: Path, feature: Feature) -> nn.Module:
    """A tower that ends at a feature, in float32, from a file in open_clip's form; a tower of timm, in timm's too.

    Raises:
        FacefakeError: ``weights_not_found``, ``weights_invalid`` if it holds another tower than this;
            ``config_invalid`` as :func:`random_model`.
    """
    state = source.visual_part(source.read_tensors(path))
    # built without memory, then filled: drawing 300 million random numbers first would take longer than the loading
    with torch.device("meta"), _building(name):
        visual = open_clip.create_model(name, text_cfg=_NO_TEXT, pretrained_text=False, device="meta").visual
    projected = set(visual.state_dict())
    if isinstance(visual, TimmModel):
        state = trunk_names(state, projected)
    end_at(visual, feature, name)
    wanted = visual.state_dict()
    found = {key: value for key, value in state.items() if key in wanted}
    wrong = sorted(
        [key for key in wanted if key not in found or found[key].shape != wanted[key].shape]
        + [key for key in state if key not in projected]
    )
    if wrong:
        raise FacefakeError(
            "weights_invalid",
            f"{path} does not hold the visual tower of {name}: {len(wrong)} tensors are missing, unknown or of another "
            f"shape, e.g. {wrong[0]}",
            "Name the backbone the weights were made for, or weights in open_clip's form.",
        )
    found = {key: value.float() if value.is_floating_point() else value for key, value in found.items()}
    visual.load_state_dict(found, assign=True)
    if not _fill_tables(visual):
        visual = random_tower(name, 0)
        end_at(visual, feature, name)
        visual.load_state_dict(found)
    return visual


def _fill_tables(visual: nn.Module) -> bool:
    """Compute what towers of timm hold besides their weights, such as rotary positions; false if timm is too old to."""
    for module in visual.modules():
        tables = {name: table for name, table in module.named_buffers(recurse=False) if table.is_meta}
        if tables and not hasattr(module, "init_non_persistent_buffers"):
            return False
        for name, table in tables.items():
            setattr(module, name, torch.empty_like(table, device="cpu"))
        if tables:
            cast(Any, module).init_non_persistent_buffers()
    return True


def check_name(name: str) -> None:
    """Raise ``backbone_unknown``, with the nearest names, unless open_clip or ``configs/backbones`` has the model."""
    _register_shipped()
    known = open_clip.list_models()
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3)
    raise FacefakeError(
        "backbone_unknown",
        f"open_clip knows no backbone {name!r}",
        f"Did you mean {' or '.join(near)}?" if near else "Names are those of open_clip, e.g. ViT-L-14-quickgelu.",
    )


@cache
def _register_shipped() -> None:
    open_clip.add_model_config(configs_dir() / "backbones")


def picture_side(visual: nn.Module, name: str) -> int:
    """Side in pixels of the square pictures a tower takes; ``backbone_unknown`` if they are not square."""
    size: Any = visual.image_size
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise FacefakeError("backbone_unknown", f"{name} wants {width}x{height} pictures", "Faces are square.")
    return int(height)


@contextlib.contextmanager
def _building(name: str) -> Iterator[None]:
    """What open_clip and timm raise of a config they cannot build, in words."""
    try:
        with quiet():
            yield
    except (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise FacefakeError(
            "config_invalid", f"{name} cannot be built from its config ({first_line(error)})", "Correct its vision_cfg."
        ) from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence open_clip, which logs to the root logger and by that configures logging for the whole program."""
    root, disabled = logging.getLogger(), logging.root.manager.disable
    handlers = root.handlers[:]
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        root.handlers[:] = handlers

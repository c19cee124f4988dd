"""The backbone: the visual tower of an open_clip model, up to the feature before its projection."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import logging
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import open_clip
import torch
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from facefake.models import weights as source
from facefake.models.preprocess import Preprocess
from preprocessing.errors import FacefakeError
from preprocessing.resources import configs_dir

Triple = tuple[float, float, float]

# the text tower is never used: a toy one is built where open_clip insists on one
_NO_TEXT = {"layers": 1, "width": 8, "heads": 1, "vocab_size": 8, "context_length": 8}


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """Which backbone, and with which weights.

    Attributes:
        name: A model of open_clip (``ViT-L-14-quickgelu``), one of ``configs/backbones`` (``tiny-vit``), or
            ``hf-hub:org/model``, which brings its own weights.
        weights: A published tag (``openai``), the path of a ``.safetensors`` or ``.pt`` file, ``hf-hub:org/model``,
            ``random:SEED``, or ``hub`` if the name already is one of the hub.
    """

    name: str
    weights: str


DEFAULT = BackboneSpec("ViT-L-14-quickgelu", "openai")


class Backbone(nn.Module):
    """A visual tower without its projection.

    Args:
        visual: open_clip's visual tower; its projection is taken off here.
        spec: What it was made from.
        mean: Per-channel mean its pictures are normalised with, on the 0..1 scale.
        std: Per-channel standard deviation.
        sha256: Digest of the base weights, see :func:`weights_digest`; computed if not given.

    Attributes:
        dim: Width of the feature.
        image_size: Side of the pictures, in pixels.

    Raises:
        FacefakeError: ``backbone_unknown`` if the tower has no pooled feature before a projection.
    """

    def __init__(self, visual: nn.Module, spec: BackboneSpec, mean: Triple, std: Triple, sha256: str | None = None):
        super().__init__()
        self.dim = take_off_projection(visual, spec.name)
        self.visual = visual
        self.spec, self.mean, self.std = spec, mean, std
        self.image_size = _side(visual, spec.name)
        self.sha256 = sha256 or weights_digest(visual)
        self.eval()

    @property
    def preprocess(self) -> Preprocess:
        """From a crop to the picture this backbone wants."""
        return Preprocess(self.image_size, self.mean, self.std)

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures (n, 3, size, size) to features (n, dim)."""
        feature: Tensor = self.visual(pictures)
        return feature


def load_backbone(spec: BackboneSpec) -> Backbone:
    """Load a backbone on the CPU, in float32; the text tower is left out.

    Args:
        spec: Name and weights. Published weights are fetched if they are not on this machine.

    Raises:
        FacefakeError: ``backbone_unknown``, ``weights_not_found``, ``weights_invalid``, ``config_invalid`` (name and
            weights that contradict each other).

    Example:
        >>> backbone = load_backbone(BackboneSpec("tiny-vit", "random:0"))
        >>> backbone.dim, backbone.image_size
        (64, 32)
    """
    if spec.name.startswith(source.HUB_PREFIX):
        return _from_hub_model(spec)
    _check_name(spec.name)
    kind, _, rest = spec.weights.partition(":")
    if kind == "random":
        if not rest.isdecimal():
            raise FacefakeError("config_invalid", f"{spec.weights!r} names no seed", "Write random:0, for example.")
        return Backbone(_random_tower(spec.name, int(rest)), spec, *_normalisation(spec.name, None))
    published = open_clip.get_pretrained_cfg(spec.name, spec.weights)
    if published:
        _check_activation(spec, published)
        return _from_tag(spec)
    if kind == "hf-hub":
        path = source.local_file(spec.name, spec.weights) or _fetch_from_hub(rest)
        return Backbone(_tower_from_file(spec.name, path), spec, *_normalisation(spec.name, None))
    if Path(spec.weights).suffix not in (".safetensors", ".pt", ".bin"):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(spec.name)) or "none"
        raise FacefakeError(
            "weights_not_found",
            f"{spec.weights!r} is neither a published tag of {spec.name} (there are: {tags}) nor a weights file",
            "Name a tag, a .safetensors or .pt file, hf-hub:org/model or random:SEED as backbone.weights.",
        )
    return Backbone(_tower_from_file(spec.name, Path(spec.weights)), spec, *_normalisation(spec.name, None))


def find_weights(spec: BackboneSpec) -> Path | None:
    """The file on this machine that holds the weights, ``None`` if they would have to be fetched.

    Example:
        >>> find_weights(BackboneSpec("ViT-L-14-quickgelu", "missing.safetensors")) is None
        True
    """
    return source.local_file(spec.name, spec.weights)


def weights_digest(visual: nn.Module) -> str:
    """SHA-256 over name, dtype, shape and bytes of every tensor of a tower without projection, sorted by name.

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


def take_off_projection(visual: nn.Module, name: str) -> int:
    """Remove, in place, what follows the pooled feature; returns the feature's width.

    Raises:
        FacefakeError: ``backbone_unknown`` if pooling and projection are one (CLIP's ResNets, for example).
    """
    if isinstance(visual, VisionTransformer) and visual.pool_type != "none":
        visual.proj = None
        visual.output_tokens = False
        return int(visual.ln_post.normalized_shape[0])
    if isinstance(visual, TimmModel) and not hasattr(visual.head, "pool"):
        visual.trunk.reset_classifier(0)
        visual.head = nn.Identity()
        return int(visual.trunk.num_features)
    raise FacefakeError(
        "backbone_unknown",
        f"{name} has no pooled feature before its projection",
        "Use a vision transformer, e.g. ViT-L-14-quickgelu.",
    )


def _random_tower(name: str, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]), _quiet():
        torch.manual_seed(seed)
        return open_clip.create_model(name, pretrained=None, text_cfg=_NO_TEXT, pretrained_text=False).visual


def _tower_from_file(name: str, path: Path) -> nn.Module:
    state = source.read_visual(path)
    # built without memory, then filled: drawing 300 million random numbers first would take longer than the loading
    with torch.device("meta"), _quiet():
        visual = open_clip.create_model(name, text_cfg=_NO_TEXT, pretrained_text=False, device="meta").visual
    projected = set(visual.state_dict())
    take_off_projection(visual, name)
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
    visual.load_state_dict({key: value.float() for key, value in found.items()}, assign=True)
    if any(tensor.is_meta for tensor in [*visual.parameters(), *visual.buffers()]):
        # some timm towers compute tables at construction that no file holds
        visual = _random_tower(name, 0)
        take_off_projection(visual, name)
        visual.load_state_dict(found)
    return visual


def _from_tag(spec: BackboneSpec) -> Backbone:
    normalisation = _normalisation(spec.name, spec.weights)
    path = source.local_file(spec.name, spec.weights)
    repository = source.hub_repository(spec.name, spec.weights)
    if path is None:
        what = f"the weights {spec.weights!r} of {spec.name}"
        source.require_network(repository, what)
        try:
            with _quiet():
                path = Path(open_clip.download_pretrained(open_clip.get_pretrained_cfg(spec.name, spec.weights)))
        except (OSError, RuntimeError, ValueError) as error:
            raise source.not_found(repository, what, str(error).splitlines()[0]) from error
    if path.suffix == ".safetensors":
        return Backbone(_tower_from_file(spec.name, path), spec, *normalisation)
    with _converting(path), _quiet():  # older releases in other projects' forms, which open_clip converts
        model = open_clip.create_model(spec.name, pretrained=str(path), weights_only=True, require_pretrained=True)
    return Backbone(model.visual, spec, *normalisation)


def _from_hub_model(spec: BackboneSpec) -> Backbone:
    if spec.weights != "hub":
        raise FacefakeError(
            "config_invalid",
            f"{spec.name} brings its own weights, not {spec.weights!r}",
            "Set backbone.weights to hub.",
        )
    repository = spec.name.removeprefix(source.HUB_PREFIX)
    if source.local_file(spec.name, spec.name) is None:
        source.require_network(repository, f"the weights of {spec.name}")
    try:
        with _quiet():
            model = open_clip.create_model(spec.name, weights_only=True, require_pretrained=True)
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise source.not_found(repository, f"the weights of {spec.name}", str(error).splitlines()[0]) from error
    settings = model.visual.preprocess_cfg
    return Backbone(model.visual, spec, _triple(settings["mean"]), _triple(settings["std"]))


def _fetch_from_hub(repository: str) -> Path:
    what = f"the weights of hf-hub:{repository}"
    source.require_network(repository, what)
    try:
        with _quiet():
            return Path(open_clip.download_pretrained_from_hf(repository))
    except (OSError, RuntimeError, ValueError) as error:
        raise source.not_found(repository, what, str(error).splitlines()[0]) from error


def _check_name(name: str) -> None:
    _register_shipped()
    known = open_clip.list_models()
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3)
    raise FacefakeError(
        "backbone_unknown",
        f"open_clip knows no backbone {name!r}",
        f"Did you mean {' or '.join(near)}?"
        if near
        else "`python -c 'import open_clip; print(open_clip.list_models())'`",
    )


@cache
def _register_shipped() -> None:
    open_clip.add_model_config(configs_dir() / "backbones")


def _check_activation(spec: BackboneSpec, published: dict[str, object]) -> None:
    """A tower built with another activation than its weights were trained with loads well and computes nonsense."""
    config = open_clip.get_model_config(spec.name)
    if bool(published.get("quick_gelu", False)) != bool(config.get("quick_gelu", False)):
        other = spec.name.removesuffix("-quickgelu") if config.get("quick_gelu") else f"{spec.name}-quickgelu"
        raise FacefakeError(
            "config_invalid",
            f"the weights {spec.weights!r} were trained with another activation than {spec.name} has",
            f"Use the backbone {other}.",
        )


def _normalisation(name: str, tag: str | None) -> tuple[Triple, Triple]:
    """Mean and std of a tag; without a tag those on which all published weights of that model agree, else OpenAI's."""
    tags = [tag] if tag else open_clip.list_pretrained_tags_by_model(name)
    found = {
        (_triple(published["mean"]), _triple(published["std"]))
        for published in (open_clip.get_pretrained_cfg(name, each) for each in tags)
    }
    if len(found) == 1:
        return found.pop()
    return _triple(open_clip.OPENAI_DATASET_MEAN), _triple(open_clip.OPENAI_DATASET_STD)


def _triple(values: object) -> Triple:
    red, green, blue = (float(value) for value in values)  # type: ignore[attr-defined]
    return red, green, blue


def _side(visual: nn.Module, name: str) -> int:
    size = visual.image_size
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise FacefakeError("backbone_unknown", f"{name} wants {width}x{height} pictures", "Faces are square.")
    return int(height)


@contextlib.contextmanager
def _converting(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise FacefakeError(
            "weights_invalid", f"{path} could not be loaded", "Delete it and fetch it again."
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence open_clip, which logs to the root logger and by that configures logging for the whole program."""
    root, disabled = logging.getLogger(), logging.root.manager.disable
    handlers = root.handlers[:]
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        root.handlers[:] = handlers

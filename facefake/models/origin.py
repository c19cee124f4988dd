"""From a backbone's spec to what its towers are made of; published weights are fetched if they are not here."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import open_clip
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from torch import nn

from facefake.connection import HUB_ERRORS
from facefake.models import weights as source
from facefake.models.spec import HUB_PREFIX, BackboneSpec
from facefake.models.tower import check_name, quiet
from preprocessing.errors import FacefakeError, first_line

Origin = int | Path | nn.Module


def locate(spec: BackboneSpec) -> Origin:
    """What a spec names.

    Returns:
        A seed; a weights file in open_clip's form; or, of models on the hub and of older releases in other projects'
        forms, which only open_clip itself can read, the whole model with its weights.

    Raises:
        FacefakeError: As :func:`facefake.models.backbone.load_backbone`.
    """
    if spec.name.startswith(HUB_PREFIX):
        return _hub_model(spec)
    check_name(spec.name)
    kind, _, rest = spec.weights.partition(":")
    if kind == "random":
        if not (rest.isdecimal() and len(rest) < 19):
            raise FacefakeError("config_invalid", f"{spec.weights!r} names no seed", "Write random:0, for example.")
        return int(rest)
    published = open_clip.get_pretrained_cfg(spec.name, spec.weights)
    if published:
        _check_activation(spec, published)
        return _from_tag(spec)
    if kind == "hf-hub":
        return source.local_file(spec.name, spec.weights) or _fetch_from_hub(spec)
    if Path(spec.weights).suffix not in (".safetensors", ".pt", ".bin"):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(spec.name)) or "none"
        raise FacefakeError(
            "weights_not_found",
            f"{spec.weights!r} is neither a published tag of {spec.name} (there are: {tags}) nor a weights file",
            "Name a tag, a .safetensors or .pt file, hf-hub:org/model or random:SEED as backbone.weights.",
        )
    return Path(spec.weights)


def _from_tag(spec: BackboneSpec) -> Origin:
    path = source.local_file(spec.name, spec.weights)
    repository = source.hub_repository(spec.name, spec.weights)
    if path is None:
        what = f"the weights {spec.weights!r} of {spec.name}"
        source.require_network(repository, what)
        try:
            with quiet():
                path = Path(open_clip.download_pretrained(open_clip.get_pretrained_cfg(spec.name, spec.weights)))
        except (*HUB_ERRORS, RuntimeError) as error:
            raise source.not_found(repository, what, first_line(error)) from error
    if path.suffix == ".safetensors":
        return path
    with _converting(path), quiet():
        model: nn.Module = open_clip.create_model(
            spec.name, pretrained=str(path), weights_only=True, require_pretrained=True, force_custom_text=True
        )
    return model


def _hub_model(spec: BackboneSpec) -> nn.Module:
    if spec.weights != "hub":
        raise FacefakeError(
            "config_invalid",
            f"{spec.name} brings its own weights, not {spec.weights!r}",
            "Set backbone.weights to hub.",
        )
    repository = spec.name.removeprefix(HUB_PREFIX)
    if source.local_file(spec.name, spec.name) is None:
        source.require_network(repository, f"the weights of {spec.name}")
    try:
        with quiet():
            model: nn.Module = open_clip.create_model(
                spec.name, weights_only=True, require_pretrained=True, force_custom_text=True
            )
    except (*HUB_ERRORS, RuntimeError, pickle.UnpicklingError) as error:
        raise source.not_found(repository, f"the weights of {spec.name}", first_line(error)) from error
    return model


def _fetch_from_hub(spec: BackboneSpec) -> Path:
    repository, what = spec.weights.removeprefix(HUB_PREFIX), f"the weights of {spec.weights}"
    wanted = source.file_to_bring(spec.name, spec.weights)
    source.require_network(repository, what, wanted)
    for file in source.hub_files(spec.name, spec.weights):
        try:
            return Path(huggingface_hub.hf_hub_download(repository, file))
        except (*HUB_ERRORS, RuntimeError) as error:
            # the local one says that the hub could not be asked, not that it has no such file
            if not isinstance(error, EntryNotFoundError) or isinstance(error, LocalEntryNotFoundError):
                raise source.not_found(repository, what, first_line(error), wanted) from error
    raise source.not_found(repository, what, "it has no file of weights", wanted)


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


@contextlib.contextmanager
def _converting(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise FacefakeError(
            "weights_invalid", f"{path} could not be loaded", "Delete it and fetch it again."
        ) from error

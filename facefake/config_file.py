"""Configs: YAML read into validated models and changed by ``key=value``, with every error in words. Needs no torch."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from preprocessing.errors import FacefakeError


class Section(BaseModel):
    """A part of a config, or of a detector's card: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=Section)


def read_yaml(path: Path, what: str) -> Any:
    """The plain values of a YAML file.

    Args:
        path: The file.
        what: What it is, which names the error: ``config``, ``suite``, ``study``.

    Raises:
        FacefakeError: ``config_invalid``, ``suite_invalid``, ``study_invalid`` if it is no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FacefakeError(
            f"{what}_invalid", f"{path} is no YAML ({_one_line(error)})", "Correct the file."
        ) from error


def parse_override(override: str, what: str) -> tuple[str, Any]:
    """Key and value of ``key=value``, the value written as in YAML.

    Raises:
        FacefakeError: ``config_invalid``, ``suite_invalid``, ``study_invalid``.

    Example:
        >>> parse_override("trainer.epochs=20", "config")
        ('trainer.epochs', 20)
    """
    key, equals, text = override.partition("=")
    if not equals:
        raise FacefakeError(f"{what}_invalid", f"{override!r} sets nothing", "Write key=value.")
    try:
        return key.strip(), yaml.safe_load(text)
    except yaml.YAMLError as error:
        message = f"the value of {key} is no YAML ({_one_line(error)})"
        raise FacefakeError(f"{what}_invalid", message, "Quote it.") from error


def validated(model: type[Model], values: Any, what: str) -> Model:
    """Plain values as ``model``.

    Raises:
        FacefakeError: ``config_unknown_key`` with the nearest known one; ``config_invalid``, ``suite_invalid``,
            ``study_invalid``.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _in_words(model, error, what) from error


def _in_words(model: type[Section], error: ValidationError, what: str) -> FacefakeError:
    faults = error.errors()
    for fault in faults:
        if fault["type"] == "extra_forbidden":
            return unknown_key(model, ".".join(map(str, fault["loc"])))
    fault = faults[0]
    where = ".".join(map(str, fault["loc"]))
    reason = fault["msg"].removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    if fault["type"] in ("value_error", "missing"):  # our own words, which name the value; or there is none
        message = f"{where}: {reason}" if where else reason
    else:
        message = f"{where} = {fault['input']!r}: {reason}"
    return FacefakeError(f"{what}_invalid", message, f"Correct it in the {what} or on the command line.")


def unknown_key(model: type[Section], dotted: str) -> FacefakeError:
    """That ``model`` has no such key, and which is meant."""
    known = list(_keys(model))
    section, _, leaf = ".".join(part for part in dotted.split(".") if not part.isdigit()).rpartition(".")
    beside = {key.rpartition(".")[2]: key for key in known if key.rpartition(".")[0] == section}
    near = [key for key in known if key.rpartition(".")[2] == leaf]
    near = near or [beside[name] for name in difflib.get_close_matches(leaf, beside, n=1)]
    near = near or [key for key in known if difflib.get_close_matches(leaf, [key.rpartition(".")[2]])]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(beside or known)}."
    return FacefakeError("config_unknown_key", f"there is no key {dotted}", hint)


def _keys(model: type[Section], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        for section in _sections(field.annotation):
            yield from _keys(section, f"{prefix}{name}.")


def _sections(annotation: Any) -> Iterator[type[Section]]:
    """The models in a type such as ``tuple[Model, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())

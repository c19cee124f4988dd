"""Configs of evaluations, suites and studies, read from YAML into validated models, with errors in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from preprocessing.datasets.base import SPLITS
from preprocessing.errors import FacefakeError


class Section(BaseModel):
    """A part of such a config: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=Section)


def read_yaml(path: Path, what: str) -> Any:
    """The plain values of a YAML file; ``what`` it is, such as ``suite``, names the error.

    Raises:
        FacefakeError: ``suite_invalid``, ``study_invalid`` if it is no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        words = " ".join(str(error).split())
        raise FacefakeError(f"{what}_invalid", f"{path} is no YAML ({words})", "Correct the file.") from error


def validated(model: type[Model], values: Any, what: str) -> Model:
    """Plain values as ``model``.

    Raises:
        FacefakeError: ``config_unknown_key`` with the nearest known one; ``suite_invalid``, ``study_invalid``.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _in_words(model, error, what) from error


def _in_words(model: type[Section], error: ValidationError, what: str) -> FacefakeError:
    faults = error.errors()
    for fault in faults:
        if fault["type"] == "extra_forbidden":
            return _unknown_key(model, fault["loc"])
    fault = faults[0]
    where = ".".join(str(part) for part in fault["loc"])
    reason = fault["msg"].removeprefix("Value error, ")
    hint = f"Splits are {', '.join(SPLITS)}." if "splits" in fault["loc"] else f"Correct the {what}."
    return FacefakeError(f"{what}_invalid", f"{where}: {reason}" if where else reason, hint)


def _unknown_key(model: type[Section], place: Sequence[str | int]) -> FacefakeError:
    for part in place[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_sections(model.model_fields[part].annotation), model)
    known = list(model.model_fields)
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
    return FacefakeError("config_unknown_key", f"there is no key {'.'.join(map(str, place))}", hint)


def _sections(annotation: Any) -> Iterator[type[Section]]:
    """The models in a type such as ``tuple[Model, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)

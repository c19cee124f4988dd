"""From what a user calls a detector to the file it is in: a path, a published name, a repository, or nothing at all."""

from __future__ import annotations

import os
from pathlib import Path

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from facefake.hub.fetch import hub_file
from facefake.hub.keep import converted
from facefake.hub.say import Say, silent
from facefake.models.file import DETECTOR_FILE
from facefake.models.spec import HUB_PREFIX
from facefake.registry.entries import DEFAULT, find
from facefake.registry.entry import Entry
from preprocessing.errors import FacefakeError


def detector_file(given: str | os.PathLike[str] | None, *, say: Say = silent) -> Path:
    """The detector file a user means, fetched and made now if it is a published one that is not here yet.

    Args:
        given: A path; a name of :data:`facefake.registry.entries.ENTRIES`; ``hf-hub:org/name`` or
            ``hf-hub:org/name@revision``, a repository that ``facefake detectors push`` made, which is not asked for
            news once its file is here; ``None``: the default one.
        say: Told what is done while something is fetched or made.

    Returns:
        The file. One that was given as a path may not exist.

    Raises:
        FacefakeError: ``detector_unknown``; of a repository ``usage`` or ``download_failed``; what
            :func:`facefake.hub.keep.converted` raises.
    """
    entry = named(given)
    if entry is not None:
        if given is None:
            say(f"detector: {entry.name}, the default ({entry.title}); `facefake detectors` lists others")
        return converted(entry, say=say)
    text = os.fspath(given or "")
    return _pushed(text, say) if text.startswith(HUB_PREFIX) else Path(text)


def named(given: str | os.PathLike[str] | None) -> Entry | None:
    """What is known of a detector before anything is fetched; ``None`` of a path or a repository.

    Raises:
        FacefakeError: ``detector_unknown``.

    Example:
        >>> named("gend-clip-l14").detects, named("detector.safetensors")
        ('face', None)
    """
    if given is None:
        return find(DEFAULT)
    text = os.fspath(given)
    return None if text.startswith(HUB_PREFIX) or is_path(text) else find(text)


def is_path(given: str | os.PathLike[str]) -> bool:
    """Whether it is meant as a path: a file of that name is here, or it has a suffix or a separator.

    Example:
        >>> is_path("detector.safetensors"), is_path("./detector"), is_path("gend-clip-l14")
        (True, True, False)
    """
    path = Path(given)
    return path.is_file() or bool(path.suffix) or bool(os.path.dirname(given))


def _pushed(given: str, say: Say) -> Path:
    repository, _, revision = given.removeprefix(HUB_PREFIX).partition("@")
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise _no_repository(given) from error
    if "/" not in repository:  # the hub's own, from its first days
        raise _no_repository(given)
    return hub_file(
        repository,
        DETECTOR_FILE,
        revision or "main",
        bring=f"Bring {DETECTOR_FILE} from https://huggingface.co/{repository} and name it: --detector FILE.",
        say=say,
    )


def _no_repository(given: str) -> FacefakeError:
    return FacefakeError("usage", f"{given} names no repository.", "Write hf-hub:org/name or hf-hub:org/name@commit.")

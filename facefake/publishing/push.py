"""A detector for others to have: a folder of its file and model card, and that folder on the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub

from facefake.connection import HUB_ERRORS, why_offline
from facefake.models.file import DETECTOR_FILE
from facefake.publishing.model_card import LIBRARY, model_card
from facefake.publishing.publication import Publication
from preprocessing.errors import FacefakeError, first_line
from preprocessing.files import copy_atomic, write_atomic

CARD = "README.md"


def write_folder(publication: Publication, folder: Path) -> list[Path]:
    """Write the detector file, byte for byte, and its model card into a folder.

    Returns:
        The files written.

    Raises:
        FacefakeError: ``not_writable``; ``usage`` for a folder that holds another project's README.
    """
    detector, card = folder / DETECTOR_FILE, folder / CARD
    if card.exists() and f"library_name: {LIBRARY}" not in card.read_text(errors="replace"):
        raise FacefakeError("usage", f"{card} is no model card of facefake's.", "Write to a folder of its own.")
    copy_atomic(publication.file, detector)
    write_atomic(card, model_card(publication).encode())
    return [detector, card]


def check_upload() -> None:
    """See that something can be uploaded before any work is done.

    Raises:
        FacefakeError: ``upload_failed``.
    """
    if reason := why_offline():
        raise FacefakeError(
            "upload_failed",
            f"Nothing can be uploaded: {reason}.",
            "Leave --repository out, and upload the folder later.",
        )
    if huggingface_hub.get_token() is None:
        raise FacefakeError(
            "upload_failed",
            "Nothing can be uploaded: there is no access token for the Hugging Face hub here.",
            "`hf auth login`, or set HF_TOKEN to a token that may write.",
        )


def upload(files: list[Path], repository: str) -> str:
    """Upload the files of one folder, and nothing else in it, to a repository; one that is new is private.

    Returns:
        Address of the commit.

    Raises:
        FacefakeError: ``upload_failed``.
    """
    hub = huggingface_hub.HfApi(library_name=LIBRARY)
    try:
        hub.create_repo(repository, private=True, exist_ok=True)
        done = hub.upload_folder(
            repo_id=repository,
            folder_path=files[0].parent,
            allow_patterns=[file.name for file in files],
            commit_message="A detector and its model card",
        )
    except HUB_ERRORS as error:
        raise FacefakeError(
            "upload_failed",
            f"The hub did not take {repository} ({first_line(error)}).",
            f"The folder is whole: {files[0].parent}. Check the name and the token, and try again.",
        ) from error
    return str(done.commit_url)

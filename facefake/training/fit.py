"""A config and a face store, or pictures, in; a detector file out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from facefake.training.config import TrainConfig
from facefake.training.data import Crops, read_pictures
from facefake.training.run import FEATURES, Run, TrainResult, for_validation
from preprocessing.clip import Clip


def train(
    config: TrainConfig,
    store: Path,
    out: Path,
    resume: bool = True,
    device: str | None = None,
    *,
    clips: Collection[str] | None = None,
    features: Path = FEATURES,
    progress: bool = True,
) -> TrainResult:
    """Train a detector on a face store.

    The run folder ``out`` gets ``detector.safetensors`` (whenever an epoch is the best so far, or every time if the
    last is wanted), ``config.yaml``, ``metrics.csv`` and, after each epoch, ``checkpoints/last.ckpt``. Order and
    augmentation of the crops depend on seed and epoch alone, so a run that was killed and resumed ends as an
    undisturbed one.

    Args:
        config: See :func:`facefake.training.load_config`.
        store: A face store with labelled crops of both splits.
        out: The run folder.
        resume: Go on from ``out``'s checkpoint, if it has one; without, a folder that holds a run is refused.
        device: Instead of the config's ``trainer.device``; ``auto`` and ``None`` leave that.
        clips: Keys of the clips to train and validate on; ``None`` for all of the store.
        features: Where features are kept, if the config asks for them (``data.cached_views``).
        progress: Show a bar on stderr.

    Raises:
        FacefakeError: ``split_empty``, ``split_leak``, ``store_missing``, ``store_damaged``,
            ``store_recipe_mismatch``, ``config_invalid``, ``usage``, ``device_unavailable``, ``not_writable``, and what
            loading a backbone raises.
    """
    return Run(config, out, resume, device, features=features).on_store(store, clips=clips, progress=progress)


def train_pictures(
    config: TrainConfig,
    clips: Sequence[Clip],
    out: Path,
    resume: bool = True,
    device: str | None = None,
    *,
    features: Path = FEATURES,
    progress: bool = True,
) -> TrainResult:
    """Train a detector on whole pictures, as :func:`train` does on faces; they are read where they lie.

    A few that cannot be read are left out of the run and named in the run folder's ``damaged.csv``
    (:mod:`facefake.training.damage`).

    Args:
        config: See :func:`facefake.training.load_config`.
        clips: Pictures of both splits.
        out: The run folder.
        resume: Go on from ``out``'s checkpoint, if it has one; without, a folder that holds a run is refused.
        device: Instead of the config's ``trainer.device``; ``auto`` and ``None`` leave that.
        features: Where features are kept, if the config asks for them (``data.cached_views``).
        progress: Show a bar on stderr.

    Raises:
        FacefakeError: ``split_empty``, ``split_leak``, ``unreadable`` where too many pictures are, ``config_invalid``,
            ``usage``, ``device_unavailable``, ``not_writable``, and what loading a backbone raises.
    """
    return Run(config, out, resume, device, features=features).on_pictures(clips, progress=progress)


def validation_pictures(config: TrainConfig, clips: Sequence[Clip]) -> Crops:
    """Those of the pictures that a run of :func:`train_pictures` chooses its epoch on.

    Raises:
        FacefakeError: ``split_empty``.
    """
    return for_validation(config, read_pictures(clips, config.data.val_split))

from __future__ import annotations

from pathlib import Path

import pytest

from tests.facefake.importing import published


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small CLIP's weights, from which the published networks are tuned."""
    return published.base_file(tmp_path_factory.mktemp("base"))

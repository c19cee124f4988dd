"""A cache of its own for each test, and the width of the terminal."""

import pytest

from facefake.hub.cache import kept_file


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def columns(monkeypatch):
    """Set the width of the terminal."""
    return lambda width: monkeypatch.setenv("COLUMNS", str(width))


def keep(name):
    """Put something where the detector file of a published detector is kept."""
    kept_file(name).parent.mkdir(parents=True, exist_ok=True)
    kept_file(name).touch()

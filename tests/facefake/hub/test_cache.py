from pathlib import Path

from facefake.hub.cache import cache_dir, kept_file


def test_the_folder_is_the_one_that_is_named_else_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path / "own"))
    assert kept_file("a") == tmp_path / "own" / "detectors" / "a.safetensors"
    monkeypatch.delenv("FACEFAKE_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "facefake"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_dir() == Path.home() / "Library" / "Caches" / "facefake"

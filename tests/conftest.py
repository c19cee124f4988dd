"""Fixtures shared by the whole suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real videos, crops and pictures, or a skip that says how to get one."""
    root = os.environ.get("FACEFAKE_TEST_DATA")
    if not root:
        pytest.skip("FACEFAKE_TEST_DATA is not set: no real videos to test on")
    path = Path(root)
    if not path.is_dir():
        pytest.skip(f"FACEFAKE_TEST_DATA={root} is not a folder")
    return path.resolve()

from facefake.cli.doctor import CHECKS
from facefake.registry.entries import DEFAULT, ENTRIES
from tests.facefake.cli.detectors.conftest import keep


def test_it_says_which_published_detectors_are_here(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path))
    line = CHECKS["published detectors"]
    assert line() == f"none here of {len(ENTRIES)}; {DEFAULT}, the default, is fetched on first use"
    keep(DEFAULT)
    keep("ufd-clip-l14")
    assert line() == f"{DEFAULT}, ufd-clip-l14 of {len(ENTRIES)}"

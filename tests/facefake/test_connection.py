"""Why nothing can be fetched, told before anything is tried."""

import pytest

from facefake.connection import why_offline
from tests.facefake.hub.hubs import no_network


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", dict)


def test_a_name_that_does_not_resolve_is_told_with_the_host():
    with no_network() as asked:
        assert why_offline() == "no connection to huggingface.co"
        assert why_offline("https://example.org/a/b.pth") == "no connection to example.org"
    assert asked == ["huggingface.co", "example.org"]


def test_offline_by_choice_no_name_is_looked_up(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with no_network() as asked:
        assert why_offline("https://example.org") == "HF_HUB_OFFLINE is set"
    assert asked == []


def test_behind_a_proxy_and_on_this_machine_it_may_be_tried(monkeypatch):
    assert why_offline("http://127.0.0.1:8000") is None
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "http://proxy:3128"})
    with no_network():
        assert why_offline() is None

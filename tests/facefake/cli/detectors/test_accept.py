import pytest

from facefake.hub.cache import cache_dir
from facefake.registry.entries import DEFAULT, ENTRIES
from facefake.registry.licences import accepted
from tests.facefake.cli.conftest import command


def test_nobody_is_there_to_ask_so_nothing_is_acknowledged():
    done = command("detectors", "accept", "effort-ffpp")
    assert done.returncode == 2
    assert "[licence_not_accepted]" in done.stderr
    assert "--yes" in done.stderr
    assert not accepted(ENTRIES["effort-ffpp"], cache_dir())


@pytest.mark.parametrize(("answer", "noted"), [("y", True), ("n", False), ("", False)])
def test_the_answer_counts(answer, noted, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: answer)
    done = command("detectors", "accept", "effort-ffpp")
    assert (done.returncode == 0) == noted
    assert accepted(ENTRIES["effort-ffpp"], cache_dir()) == noted
    assert ENTRIES["effort-ffpp"].weights.url in done.stdout


def test_it_is_asked_once():
    assert "Noted in" in command("detectors", "accept", "effort-ffpp", "--yes").stdout
    assert "acknowledged before" in command("detectors", "accept", "effort-ffpp").stdout


def test_what_asks_for_nothing_says_so():
    said = command("detectors", "accept", DEFAULT).stdout
    assert "asks for nothing" in said
    assert not cache_dir().exists()


def test_an_unknown_name_is_no_consent():
    assert "[detector_unknown]" in command("detectors", "accept", "effort", "--yes").stderr

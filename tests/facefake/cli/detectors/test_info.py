import json

import pytest

from facefake.hub.cache import kept_file
from facefake.registry.entries import DEFAULT, ENTRIES
from tests.facefake.cli.conftest import command
from tests.facefake.cli.detectors.conftest import keep

each = pytest.mark.parametrize("name", ENTRIES)


@each
def test_a_sheet_leaves_nothing_out(name, columns):
    columns(200)
    entry = ENTRIES[name]
    said = " ".join(command("detectors", "info", name).stdout.split())
    for known in (entry.title, entry.preprocessing, entry.polarity, entry.trained_on, entry.verified, entry.unverified):
        assert known in said
    for known in (entry.weights.url, entry.code.url, entry.paper, entry.project, *entry.notes):
        assert known in said
    for figure in entry.figures:
        assert f"{figure.dataset} {figure.value:.3f}" in said
        assert figure.source in said


@each
def test_addresses_are_not_broken_however_narrow(name, columns):
    columns(40)
    words = command("detectors", "info", name).stdout.split()
    assert f"({ENTRIES[name].weights.url})" in words
    assert ENTRIES[name].project in words


def test_a_sheet_says_how_to_have_it():
    assert "facefake score FILE --detector gend-clip-l14" in command("detectors", "info", DEFAULT).stdout
    said = " ".join(command("detectors", "info", "effort-ffpp").stdout.split())
    assert "no: `facefake detectors accept effort-ffpp`, then fetch it with a browser" in said
    keep(DEFAULT)
    assert str(kept_file(DEFAULT)) in command("detectors", "info", DEFAULT).stdout


def test_a_sheet_as_json():
    said = json.loads(command("detectors", "info", "ufd-clip-l14", "--json", "-").stdout)
    assert (said["kind"], said["name"], said["sources"][0]["kind"]) == ("detector", "ufd-clip-l14", "link")


def test_an_unknown_name_gets_the_nearest():
    done = command("detectors", "info", "gend-clip-l41")
    assert done.returncode == 2
    assert "[detector_unknown]" in done.stderr
    assert "Did you mean 'gend-clip-l14'?" in done.stderr

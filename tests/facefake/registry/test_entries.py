"""Every entry is complete, says nothing impossible, and is of a form that can be read."""

import re
import subprocess
import sys
from dataclasses import fields

import pytest

from facefake.importing.forms import FORMS
from facefake.models.spec import BackboneSpec
from facefake.models.tuning import check_feature
from facefake.registry.bases import base
from facefake.registry.entries import DEFAULT, ENTRIES, NOT_RUN, find
from facefake.registry.entry import Hub, Link, Manual
from preprocessing.datasets import READERS
from preprocessing.errors import FacefakeError
from preprocessing.recipe import NO_FACES, Recipe
from preprocessing.video import Sampling

SHA256, COMMIT = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{40}")
each = pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))


def addresses(entry):
    """Every address an entry holds."""
    yield from (entry.code.url, entry.weights.url, entry.paper, entry.project, base(entry).licence.url)
    for source in entry.sources:
        if not isinstance(source, Hub):
            yield source.page if isinstance(source, Manual) else source.url


def test_the_default_is_a_face_detector_that_anybody_may_fetch_and_check():
    entry = find(DEFAULT)
    assert entry.detects == "face"
    assert entry.weights.commercial
    source = entry.sources[0]
    assert isinstance(source, Hub)
    assert None not in (source.revision, source.sha256)
    assert source.size == 1_215_928_160


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(FacefakeError, match="gend-clip-l14") as caught:
        find("gend-clip-l41")
    assert caught.value.code == "detector_unknown"
    assert "facefake detectors" in caught.value.hint


@each
def test_nothing_is_left_out(entry):
    missing = [field.name for field in fields(entry) if getattr(entry, field.name) in ("", (), None)]
    assert [name for name in missing if name not in ("figures", "notes", "training_sets")] == []
    assert entry.training_sets or "not said" in entry.trained_on
    assert entry.figures or any("figure" in note for note in entry.notes), "an entry without figures says so"


@each
def test_its_form_can_be_read_and_its_base_is_known(entry):
    assert entry.form in FORMS
    assert isinstance(entry.backbone, BackboneSpec)
    assert base(entry).size > 1e9


@each
def test_names_fit_a_command_line_and_lines_fit_a_screen(entry):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name)
    assert len(entry.name) <= 16
    assert len(entry.title) <= 72
    assert len(entry.use_for) <= 28


@each
def test_digests_revisions_and_sizes_are_well_formed(entry):
    for source in entry.sources:
        assert source.size is None or source.size > 1000
        if isinstance(source, Hub):
            assert source.revision is None or COMMIT.fullmatch(source.revision)
            assert source.sha256 is None or SHA256.fullmatch(source.sha256)
        if isinstance(source, Link):
            assert SHA256.fullmatch(source.sha256)
            assert COMMIT.search(source.url), "an address whose content may change pins nothing"


@each
def test_addresses_are_https_and_the_code_is_pinned(entry):
    assert [address for address in addresses(entry) if not re.fullmatch(r"https://[^\s]+", address)] == []
    assert COMMIT.search(entry.project)


@each
def test_pictures_have_geometries_of_pictures_and_faces_of_faces(entry):
    whole = entry.detects == "image"
    assert entry.geometry.whole == whole
    assert (entry.face_detector == NO_FACES) == whole
    assert whole or entry.geometry.can_cut
    Recipe(sampling=Sampling.parse("spread:32"), geometry=entry.geometry, face_detector=entry.face_detector)


@each
def test_head_feature_and_strategy_go_together(entry):
    check_feature(entry.head, entry.backbone.feature)
    assert entry.head != "text", "a detector file's head is never text"


@each
def test_training_sets_are_ones_that_can_be_read_and_have_a_training_split(entry):
    assert set(entry.training_sets) <= set(READERS)
    assert all("train" in {count.split for count in READERS[name].official} for name in entry.training_sets)


@each
def test_figures_are_fractions_with_a_source(entry):
    for figure in entry.figures:
        assert 0 < figure.value < 1
        assert "" not in (figure.dataset, figure.metric)
        assert len(figure.source) > 10


@each
def test_what_was_not_checked_is_said_with_what_checks_it(entry):
    assert f"facefake detectors verify {entry.name}" in entry.unverified


def test_entries_of_one_base_differ_in_name_and_file():
    sources = [source for entry in ENTRIES.values() for source in entry.sources]
    assert len(set(sources)) == len(sources)
    assert [name for name, entry in ENTRIES.items() if entry.name != name] == []


def test_what_cannot_be_run_is_said_with_reason_and_place():
    assert [name for name, why, link in NOT_RUN if not (name and why and link.startswith("https://"))] == []
    assert not {name.lower() for name, _, _ in NOT_RUN} & set(ENTRIES)


def test_the_list_loads_no_torch():
    code = "import sys, facefake.registry.entries, facefake.registry.licences; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

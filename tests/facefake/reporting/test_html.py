"""The HTML page: whole in itself, safe against names of strangers, and usable without seeing it."""

import re
from html.parser import HTMLParser

import pytest

from facefake.reporting.canvas import STYLES
from facefake.reporting.html import examples, html_page, write_html
from facefake.reporting.thumbnails import MOST_BYTES

from .reports import METRICS, comparison, empty_report, report
from .test_files import HOSTILE

DOCUMENTS = {
    "one": report(("celebdf",), suite=False),
    "several": report(),
    "empty": empty_report(),
    "comparison": comparison(),
    "three": comparison(("a", "b", "c")),
}
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes in order, ids, and the text a reader sees; fails on tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self._open = [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" not in self._open:
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module", params=DOCUMENTS)
def page(request):
    return Page(html_page(DOCUMENTS[request.param]))


def test_nothing_is_fetched_and_nothing_runs(page):
    assert not page.all("script")
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on")], tag
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "xlink:href", "srcset"):
            assert attrs.get(name, "#").startswith(("#", "data:image/jpeg;base64,"))


def test_the_policy_stands_before_what_it_governs(page):
    place, policy = next(
        (place, attrs["content"])
        for place, (_, attrs) in enumerate(page.tags)
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert {"default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"} <= set(policy.split("; "))
    assert place < [tag for tag, _ in page.tags].index("style")


def test_no_style_sheet_reaches_out():
    style = re.search(r"<style>(.*?)</style>", html_page(DOCUMENTS["one"]), re.S)[1]
    assert "@import" not in style
    assert all(target.startswith("#") for target in re.findall(r"url\((.*?)\)", style))


def test_no_two_lines_look_alike():
    style = re.search(r"<style>(.*?)</style>", html_page(DOCUMENTS["one"]), re.S)[1]
    looks = dict(re.findall(r"\.(s\d+) \{ (.*?) \}", style))
    assert set(looks) == {f"s{number}" for number in range(STYLES)}
    assert len(set(looks.values())) == STYLES


def test_what_is_drawn_is_also_said(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    pointed = {name for _, attrs in page.tags for name in attrs.get("aria-labelledby", "").split()}
    assert pointed <= set(ids)
    for svg in page.all("svg"):
        assert svg.get("aria-hidden") == "true" or (svg["role"] == "img" and len(svg["aria-labelledby"].split()) == 2)
    assert all(image["alt"] for image in page.all("img"))
    assert all(head["scope"] in ("row", "col") for head in page.all("th"))
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in page.all("div") if box.get("class") == "scroll")
    assert all(link["href"].removeprefix("#") in ids for link in page.all("a"))


def test_every_table_scrolls_in_its_own_box(page):
    names = [tag if tag == "table" else attrs.get("class") for tag, attrs in page.tags]
    assert all(names[place - 1] == "scroll" for place, name in enumerate(names) if name == "table")


def test_the_same_report_gives_the_same_bytes():
    assert html_page(report()) == html_page(report())


@pytest.mark.parametrize("suite", [True, False])
def test_overlap_of_training_and_test_is_said_before_any_figure(suite):
    words = Page(html_page(report(suite=suite))).words
    warning = "The detector was trained on ffpp train"
    assert (warning in words) == suite
    if suite:
        assert words.index(warning) < words.index("AUC, mean of 3 data sets")
    document = comparison()
    document["reports"][1]["leakage"] = [warning]
    words = Page(html_page(document)).words
    assert words.index(warning) < words.index("Side by side")


def test_everything_to_repeat_it_is_there():
    words = Page(html_page(report())).words
    for fact in (
        "facefake score --dataset celebdf --data 'Celeb DF/v2' --detector face-ln.safetensors",
        "5f1d" * 16,
        "equal error rate on ffpp val",
        "1000 resamples, seed 0",
        "Calibration method temperature temperature 1.7",
        "celebdf 1 620 test 620",
        "abstention.min_frames 4",
        "selection.split val",
        "torch 2.6.0",
        "scores.json SHA-256",
    ):
        assert fact in words, fact


def test_figures_coverage_and_reasons_are_shown():
    document = report(("celebdf",))
    words = Page(html_page(document)).words
    auc = document["video"]["auc"]
    assert f"AUC {auc['value']:.3f} {auc['low']:.3f} to {auc['high']:.3f}" in words
    assert "600 of 620 clips scored (96.8 %), 12 inconclusive, 3 failed, 5 missing" in words
    assert "If every clip without a score were ranked wrong, the AUC would be 0.870" in words
    assert "no face was found for certain" in words
    assert "GenD, table 2" in words
    assert all(title in words for title in ("ROC", "DET", "Scores", "Reliability", "jpeg, at the crop"))


def test_scores_that_are_no_probabilities_have_no_reliability_and_no_threshold_on_their_scale():
    document = report(("celebdf",))
    document["curves"]["reliability"] = None
    words = Page(html_page(document)).words
    assert "Reliability" not in words
    assert "Dashed: the threshold" not in words


def test_a_comparison_shows_differences_and_which_clips_were_left_out():
    document = comparison()
    pair = document["pairs"][0]
    words = Page(html_page(document)).words
    assert f"{pair['difference']['value']:+.3f}" in words
    assert f"{pair['delong']['p']:.3f}" in words
    assert "B: theirs.csv" in words
    assert "620 of 640 14" in words


def test_an_empty_report_says_so():
    words = Page(html_page(empty_report())).words
    assert "0 of 4 clips" in words
    assert "No clip was scored, so there are no metrics." in words
    assert "Worst mistakes" not in words


@pytest.mark.parametrize("make", [report, comparison])
def test_figures_that_cannot_be_computed_are_left_out(make):
    document = make()
    _blank(document)
    assert "nan" not in html_page(document).lower()
    assert "None" not in Page(html_page(document)).words


def _blank(value):
    """Everything that may be missing, missing."""
    maybe = {*METRICS, "auc_if_abstentions_wrong", "curves", "difference", "delong", "calibration", "provenance"}
    maybe |= {"path", "probability", "frame", "time", "box", "mean"}
    for key in list(value) if isinstance(value, dict) else []:
        if key in maybe and not (key == "frame" and isinstance(value[key], dict)):
            value[key] = None
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        _blank(each)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_no_name_is_more_than_text(name):
    plain, hostile = (html_page(_named(each)) for each in ("harmless", name))
    assert [(tag, sorted(attrs)) for tag, attrs in Page(hostile).tags] == [
        (tag, sorted(attrs)) for tag, attrs in Page(plain).tags
    ]
    assert all(line.isprintable() for line in hostile.split("\n"))
    hostile.encode("utf-8")


def _named(name):
    """A report in which every text that may come from strangers is ``name``."""
    document = report((name,))
    for part in (document, document["datasets"][name]):
        part["per_method"] = {name: part["per_method"]["one"]}
        part["reasons"] = {name: 1}
        part["notes"] = [name]
        for example in (*part["worst"]["false_alarms"], *part["worst"]["misses"]):
            example.update(clip=name, method=name, path=name)
    document["leakage"] = [name]
    document["threshold_source"] = name
    document["anchors"] = [document["anchors"][0] | {"method": name, "dataset": name, "source": name, "note": name}]
    document["robustness"] = [document["robustness"][0] | {"corruption": name, "unit": name, "dataset": name}]
    document["provenance"] |= {"command": [name], "settings": {name: name}}
    document["provenance"]["detector"] |= {"name": name, "sha256": name}
    return document


def test_a_mistake_has_its_picture_or_says_that_there_is_none(tmp_path):
    document = report(("celebdf",))
    shown = examples(document)
    assert [example["clip"] for example in shown if example["label"] == 0] == [f"youtube/{n:03d}.mp4" for n in range(6)]
    pictures = {(each["dataset"], each["clip"]): b"jpeg" for each in shown[1:]} | {("celebdf", shown[0]["clip"]): None}
    write_html(tmp_path / "report.html", document, pictures)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len(page.all("img")) == len(shown) - 1
    assert page.words.count("picture not available here") == 1
    assert all(f"{each['probability']:.3f}" in page.words for each in shown)


def test_ten_data_sets_with_all_their_pictures_stay_under_a_megabyte():
    document = report([f"set{number}" for number in range(10)])
    pictures = {(each["dataset"], each["clip"]): bytes(MOST_BYTES) for each in examples(document)}
    assert len(pictures) == 40
    assert len(html_page(document, pictures).encode()) < 1_000_000

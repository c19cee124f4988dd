"""The page of results without labels."""

from dataclasses import replace

import pytest

from facefake.reporting.html_results import face, faces, people, timeline, write_results_html
from facefake.scoring.result import ClipResult, ErrorFacts, FrameScore, Opinion, PersonResult, document_head
from facefake.scoring.verdict import REASONS

from .test_files import HOSTILE
from .test_html import Page

HEAD = document_head({"name": "demo"}, {"pooling": "mean"})


def person(track, scores, reason=None):
    frames = tuple(
        FrameScore(10 * place, place / 2, score, (0.0, 0.0, 9.0, 9.0), ((1.0, 1.0),) * 5, 0.99)
        for place, score in enumerate(scores)
    )
    mean = sum(scores) / len(scores)
    return PersonResult(track, None if reason else mean, mean, frames, reason)


CLIP = ClipResult(
    path="a.mp4",
    sha256=None,
    kind="video",
    status="scored",
    verdict="fake",
    probability=0.8,
    score=0.8,
    people=(person(0, [0.7, 0.9]), person(1, [0.1, 0.3]), person(2, [0.99], "too_few_faces")),
)
FAILED = ClipResult("b.mp4", None, "video", "error", error=ErrorFacts("timeout", "It took too long.", "Wait."))


def page(tmp_path, results, pictures=None):
    write_results_html(tmp_path / "r.html", HEAD, results, pictures)
    return Page((tmp_path / "r.html").read_text(encoding="utf-8"))


def test_each_clip_has_its_verdict_or_why_there_is_none(tmp_path):
    words = page(tmp_path, [CLIP, FAILED]).words
    assert "a.mp4 fake 0.800 2 of 3 people" in words
    assert "b.mp4 error - It took too long. (timeout)" in words
    assert "settings.pooling mean" in words


def test_everybody_is_shown_and_those_who_count_come_first():
    assert [each.track for each in people(CLIP)] == [0, 1, 2]
    shown = face(CLIP, CLIP.people[0])
    assert (shown["frame"], shown["time"]) == (10, 0.5)
    assert [each["clip"] for each in faces([CLIP, FAILED])] == ["a.mp4"] * 3


def test_each_person_has_a_probability_or_why_they_do_not_count(tmp_path):
    words = page(tmp_path, [CLIP]).words
    assert "person 0: P(fake) 0.800" in words
    assert f"person 2 set aside: {REASONS['too_few_faces'].words}; 1 frame" in words


def test_the_timeline_has_a_line_for_each_person():
    plot = timeline(CLIP)
    names = [key.name for key in plot.legend]
    assert names == ["person 0", "person 1", f"person 2, set aside: {REASONS['too_few_faces'].words}"]
    assert len(plot.dots) == 5
    assert plot.x.label == "seconds"


def test_without_times_frames_are_counted():
    untimed = replace(person(0, [0.5, 0.6]), frames=tuple(replace(f, time=None) for f in person(0, [0.5, 0.6]).frames))
    assert timeline(replace(CLIP, people=(untimed,))).x.label == "frame"
    assert timeline(FAILED) is None


PICTURE = replace(CLIP, path="c.jpg", kind="image", via="image", people=(person(0, [0.8]),))
BOTH = replace(CLIP, path="d.mp4", other=Opinion("image", "scored", "real", 0.25, 0.25, None))


def test_a_picture_judged_whole_is_shown_whole_and_is_nobody(tmp_path):
    shown = page(tmp_path, [PICTURE])
    assert "c.jpg fake 0.800 whole picture" in shown.words
    assert "person" not in shown.words.partition("settings")[0].replace("person is", "")
    assert face(PICTURE, PICTURE.people[0])["box"] is None
    frames = replace(PICTURE, kind="video", people=(person(0, [0.7, 0.9]),))
    assert [key.name for key in timeline(frames).legend] == ["whole frames"]


def test_the_page_names_both_detectors_and_what_the_silent_path_said(tmp_path):
    paths = {via: {"detector": {"name": name}} for via, name in (("face", "demo"), ("image", "pictures"))}
    head = document_head({"name": "demo"}, {"paths": paths})
    write_results_html(tmp_path / "r.html", head, [CLIP, BOTH])
    words = Page((tmp_path / "r.html").read_text(encoding="utf-8")).words
    assert "judged by demo and pictures" in words
    assert "d.mp4 fake 0.800 2 of 3 people whole frames: real, 0.250" in words
    assert "Judged: 2 of 3 people; beside it whole frames: real, 0.250" in words


def test_of_a_picture_no_frame_is_spoken_of(tmp_path):
    assert "shown: frame 10, 0.50 s" in page(tmp_path, [CLIP]).words
    words = page(
        tmp_path, [replace(CLIP, kind="image", people=(person(0, [0.7]), person(1, [0.2], "faces_blurred")))]
    ).words
    assert "frame" not in words
    assert "set aside" in words


def test_a_still_has_no_timeline():
    assert timeline(replace(CLIP, people=(person(0, [0.5]), person(1, [0.9])))) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_more_than_text(tmp_path, name):
    tags = [tag for tag, _ in page(tmp_path, [replace(CLIP, path=name)]).tags]
    assert tags == [tag for tag, _ in page(tmp_path, [CLIP]).tags]


def test_the_picture_is_on_the_page(tmp_path):
    assert len(page(tmp_path, [CLIP], {("1", "a.mp4"): b"jpeg"}).all("img")) == 1
    assert "picture not available here" in page(tmp_path, [CLIP]).words

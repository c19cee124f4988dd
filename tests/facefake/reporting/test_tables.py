"""What people read: terminal tables and the Markdown report."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from facefake.evaluation.report import make_report
from facefake.reporting.markdown import markdown_report, write_markdown
from facefake.reporting.terminal import MAX_ROWS, print_report, print_results
from facefake.scoring.result import ClipResult, ErrorFacts, FrameScore, PersonResult, Truth, document_head
from facefake.scoring.verdict import REASONS, FrameCounts

from .test_files import HOSTILE

HEAD = document_head({"name": "demo", "backbone": "ViT|B"}, {"pooling": "mean", "abstention": {"min_frames": 4}})
FRAME = FrameScore(0, 0.0, 0.9, (0.0, 0.0, 9.0, 9.0), ((1.0, 1.0),) * 5, 0.99)


def scored(name, label, score, method="Deepfakes"):
    return ClipResult(
        path=name,
        sha256=None,
        kind="video",
        status="scored",
        verdict="fake" if score >= 0.5 else "real",
        probability=score,
        score=score,
        people=(PersonResult(0, score, score, (replace(FRAME, score=score),)),),
        truth=Truth(name, "folder", method if label else "real", None, label),
    )


FAILED = ClipResult("b.mp4", None, "video", "error", error=ErrorFacts("timeout", "It took too long.", "Wait longer."))
NO_FACE = ClipResult("c.mp4", None, "video", "inconclusive", reason="no_face")
CLIPS = [scored("r1", 0, 0.1), scored("r2", 0, 0.2), scored("f1", 1, 0.8), scored("f2", 1, 0.9, "Face_Swap|<b>")]
REPORT = make_report([*CLIPS, replace(NO_FACE, truth=Truth("c", "folder", "x", None, 1))], resamples=20)


def printed(*results, report=None, width=200):
    file = io.StringIO()
    console = Console(file=file, width=width)
    print_results(results, console)
    if report:
        print_report(report, console)
    return file.getvalue()


def test_each_clip_has_its_verdict_or_why_there_is_none():
    text = printed(scored("a.mp4", 1, 0.912), FAILED, NO_FACE)
    rows = {line.split("│")[1].strip(): line for line in text.splitlines() if ".mp4" in line}
    assert "fake" in rows["a.mp4"]
    assert "0.912" in rows["a.mp4"]
    assert "It took too long. (timeout)" in rows["b.mp4"]
    assert REASONS["no_face"].words in rows["c.mp4"]
    assert "hint (timeout): Wait longer." in text


def test_labelled_clips_show_what_the_verdict_should_have_said():
    text = printed(scored("a.mp4", 1, 0.1), scored("b.mp4", 0, 0.1))
    assert [cell.strip() for cell in next(line for line in text.splitlines() if "a.mp4" in line).split("│")[2:4]] == [
        "fake: Deepfakes",
        "real",
    ]
    assert "labelled" not in printed(NO_FACE)


def test_a_hint_is_given_once_however_many_clips_need_it():
    assert printed(*[FAILED] * 5).count("Wait longer.") == 1


def test_people_set_aside_are_told_apart():
    extra = PersonResult(1, None, 0.99, (FRAME,), "too_few_faces")
    clip = scored("a.mp4", 1, 0.1)
    assert "1 of 2" in printed(replace(clip, people=(*clip.people, extra)))


def test_a_shortfall_says_how_much_came():
    clip = replace(NO_FACE, reason="decode_shortfall", frames=FrameCounts(32, 7, 7))
    assert "7 of 32 frames came" in printed(clip)


def test_long_lists_end_in_how_many_more_there_are():
    text = printed(*[FAILED] * (MAX_ROWS + 3))
    assert text.count("b.mp4") == MAX_ROWS
    assert "3 more are not shown" in text


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("width", [40, 200])
def test_no_name_reaches_the_terminal_as_anything_but_text(name, width):
    error = ErrorFacts("not_found", f"{name} is gone", f"Look for {name}.")
    text = printed(replace(FAILED, path=name, error=error), scored(name, 1, 0.9), width=width)
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode("utf-8")


def test_markup_in_a_name_is_shown_as_it_is():
    assert "[bold red]x[/].mp4" in printed(scored("[bold red]x[/].mp4", 1, 0.9))


def test_the_report_is_shown_with_intervals_methods_coverage_and_notes():
    text = printed(*CLIPS, report=REPORT)
    assert "1.000 [1.000, 1.000]" in text
    assert "Face_Swap|<b>" in text
    assert "4 of 5 clips scored (80.0 %), 1 inconclusive, 0 failed" in text
    assert all(note in text for note in REPORT["notes"])


def test_a_report_of_one_class_is_shown_too():
    one = make_report(CLIPS[2:], resamples=5)
    assert "Only fake clips were scored" in printed(*CLIPS[2:], report=one)
    assert "Only fake clips were scored" in markdown_report(HEAD, CLIPS[2:], one)


def test_markdown_tables_are_rectangular_and_hold_no_markup_of_strangers():
    text = markdown_report(HEAD, [*CLIPS, NO_FACE], REPORT)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    columns = [line.replace("\\|", "").count("|") for line in lines]
    assert set(columns) == {8, 5, 3}
    assert "<b>" not in text
    assert r"Face\_Swap\|&lt;b&gt; (1 videos)" in text


def test_markdown_holds_what_it_takes_to_repeat_it(tmp_path):
    write_markdown(tmp_path / "report.md", HEAD, CLIPS, REPORT)
    text = (tmp_path / "report.md").read_text()
    assert "4 of 5 clips scored (80.0 %)" in text
    assert "20 resamples, seed 0" in text
    assert r"| settings.abstention.min\_frames | 4 |" in text
    assert r"| detector.backbone | ViT\|B |" in text


def test_markdown_lists_the_clips_that_the_report_does_not_speak_of():
    text = markdown_report(HEAD, [*CLIPS, NO_FACE], REPORT)
    assert f"| c.mp4 | inconclusive |  | {REASONS['no_face'].words} |" in text
    assert "| f1 |" not in text


def test_markdown_without_labels_lists_every_clip():
    text = markdown_report(HEAD, [CLIPS[2], FAILED])
    assert "| f1 | fake | 0.800 |  |" in text
    assert r"| b.mp4 | error |  | It took too long. (timeout) |" in text
    assert "AUC" not in text


def test_tables_go_to_stderr(capsys):
    print_results(CLIPS)
    print_report(REPORT)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Detection report" in captured.err

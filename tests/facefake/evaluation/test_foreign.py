import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from facefake.evaluation.foreign import match, read_foreign
from preprocessing.errors import FacefakeError
from preprocessing.releases.protocol import Entry, Protocol

METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
PROTOCOL = Protocol(
    "ffpp",
    1,
    (
        Entry("youtube/000.mp4", 0, "test", "youtube", "000", "c23"),
        Entry("youtube/003.mp4", 0, "val", "youtube", "003", "c23"),
        *(Entry(f"{method}/000_003.mp4", 1, "test", method, "000", "c23") for method in METHODS),
        Entry("unknown.mp4", None, None, "unlabelled", None, None),
    ),
)


def read(tmp_path, text, polarity="fake-high", **options):
    path = tmp_path / "theirs.csv"
    path.write_text(text)
    return read_foreign(path, PROTOCOL, polarity, **options)


def by_clip(scores):
    return {name: score for name, score, ok in zip(scores.clip, scores.score, scores.scored, strict=True) if ok}


def refused(tmp_path, text, code="scores_invalid"):
    with pytest.raises(FacefakeError) as error:
        read(tmp_path, text)
    assert error.value.code == code
    return error.value.message


def test_every_labelled_clip_of_the_protocol_stands_there_with_its_facts(tmp_path):
    scores = read(tmp_path, "key,score\nyoutube/000.mp4,0.125\nFaceSwap/000_003.mp4,0.75\n")
    assert len(scores) == 6
    assert by_clip(scores) == {"FaceSwap/000_003.mp4": 0.75, "youtube/000.mp4": 0.125}
    assert (scores.status == "missing").sum() == 4
    assert set(scores.reason[scores.status == "missing"]) == {"no_score"}
    row = scores.clip.tolist().index("FaceSwap/000_003.mp4")
    facts = (scores.dataset, scores.method, scores.split, scores.pair, scores.compression, scores.label)
    assert [column[row] for column in facts] == ["ffpp", "FaceSwap", "test", "000", "c23", 1]


def test_a_clip_of_four_methods_stays_four_and_its_bare_name_is_none(tmp_path):
    # DeepfakeBench would make one video of them
    rows = "".join(f"{method}/000_003.mp4,0.{place + 1}\n" for place, method in enumerate(METHODS))
    scores = by_clip(read(tmp_path, "key,score\n" + rows))
    assert [scores[f"{method}/000_003.mp4"] for method in METHODS] == [0.1, 0.2, 0.3, 0.4]
    assert "000_003" in refused(tmp_path, "key,score\n000_003,0.5\n", "protocol_mismatch")


@pytest.mark.parametrize(
    "written",
    ["youtube/000.mp4", "youtube\\000.mp4", "./youtube/000.mp4", "youtube//000.mp4", "youtube/000", "youtube/000.avi"],
)
def test_a_key_is_matched_however_its_path_is_written(tmp_path, written):
    assert by_clip(read(tmp_path, f"key,score\n{written},0.5\n")) == {"youtube/000.mp4": 0.5}


def test_a_key_without_suffix_that_could_be_two_clips_is_none():
    keys = ["a/1.mp4", "a/1.avi", "b.x/2"]
    assert match(["a/1", "a/1.mp4", "b.x/2", "b/2", "a/1.jpg"], keys) == {"a/1.mp4": 0, "b.x/2": 2}


def test_keys_that_look_like_numbers_stay_text(tmp_path):
    protocol = Protocol("toy", 1, (Entry("000", 0, None, "real", None, None), Entry("1e3", 1, None, "x", None, None)))
    path = tmp_path / "theirs.csv"
    path.write_text("key,score\n000,0.25\n1e3,0.5\n")
    assert by_clip(read_foreign(path, protocol, "fake-high")) == {"000": 0.25, "1e3": 0.5}


def test_unknown_keys_are_counted_and_named(tmp_path):
    scores = read(tmp_path, "key,score\nyoutube/000.mp4,0.5\nnew/1.mp4,0.5\nnew/2.mp4,0.5\n")
    (note,) = scores.notes
    assert "2 of 3 keys" in note
    assert "new/1.mp4, new/2.mp4" in note


def test_no_score_is_a_missing_clip(tmp_path):
    scores = read(tmp_path, "key,score\nyoutube/000.mp4,\nyoutube/003.mp4,nan\nFaceSwap/000_003.mp4,NaN\n")
    assert not scores.scored.any()
    assert (scores.status == "missing").all()


@pytest.mark.parametrize(
    ("scores", "polarity", "expected", "probable"),
    [
        ((0.25, 0.75), "fake-high", (0.25, 0.75), True),
        ((0.25, 0.75), "real-high", (0.75, 0.25), True),
        ((-2.0, 3.0), "fake-high", (-2.0, 3.0), False),
        ((-2.0, 3.0), "real-high", (2.0, -3.0), False),
    ],
)
def test_polarity_turns_scores_and_only_chances_are_probabilities(tmp_path, scores, polarity, expected, probable):
    made = read(tmp_path, f"key,score\nyoutube/000.mp4,{scores[0]}\nyoutube/003.mp4,{scores[1]}\n", polarity)
    assert tuple(by_clip(made).values()) == expected
    given = made.probability[made.scored]
    assert (given.tolist() == list(expected)) if probable else all(given != given)


def test_frames_are_pooled_by_their_mean_and_kept(tmp_path):
    rows = "youtube/000.mp4,5,0.1\nyoutube/003.mp4,5,1.0\nyoutube/000.mp4,9,0.3\nyoutube/000.mp4,7,\n"
    scores = read(tmp_path, "key,frame,score\n" + rows)
    assert by_clip(scores) == {"youtube/000.mp4": pytest.approx(0.2), "youtube/003.mp4": 1.0}
    assert scores.frames.tolist() == [0.1, 0.3, 1.0]
    assert any("mean" in note for note in scores.notes)


def test_clip_scores_have_no_frames(tmp_path):
    assert len(read(tmp_path, "key,score\nyoutube/000.mp4,0.5\n").frames) == 0


def test_a_clip_or_frame_given_twice_is_refused_by_name(tmp_path):
    assert "youtube/000.mp4" in refused(tmp_path, "key,score\nyoutube/000.mp4,0.5\nyoutube/000.mp4,0.5\n")
    assert "youtube/000.mp4" in refused(tmp_path, "key,score\nyoutube/000.mp4,0.5\nyoutube/000,\n")
    twice = refused(tmp_path, "key,score,frame\nyoutube/003.mp4,0.5,1\nyoutube/000.mp4,0.5,1\nyoutube/000.mp4,0.5,1\n")
    assert "youtube/000.mp4" in twice
    assert "youtube/003.mp4" not in twice


def test_columns_may_be_more_but_not_fewer(tmp_path):
    assert by_clip(read(tmp_path, "model,score,label,key\nx,0.5,real,youtube/000.mp4\n")) == {"youtube/000.mp4": 0.5}
    assert "no column score, only key, prob" in refused(tmp_path, "key,prob\nyoutube/000.mp4,0.5\n")
    assert "no column key and no column score, only key;score" in refused(tmp_path, "key;score\n")
    assert "more than one column score" in refused(tmp_path, "key,score,score\nyoutube/000.mp4,0.5,0.6\n")


def test_a_table_of_nothing_says_so(tmp_path):
    assert "is empty" in refused(tmp_path, "")
    assert "no row below its header" in refused(tmp_path, "key,score\n")


@pytest.mark.parametrize("content", ["key,score\n".encode("utf-16"), bytes(range(256)), b"k" * 200_000])
def test_what_is_no_table_at_all_is_refused_in_words(tmp_path, content):
    (tmp_path / "theirs.csv").write_bytes(content)
    with pytest.raises(FacefakeError) as error:
        read_foreign(tmp_path / "theirs.csv", PROTOCOL, "fake-high")
    assert error.value.code == "scores_invalid"
    assert error.value.message.isprintable()


@pytest.mark.parametrize("score", ["inf", "-inf", "-1e308", "high", "0,5"])
def test_a_score_that_is_no_finite_number_is_refused(tmp_path, score):
    assert "theirs.csv" in refused(tmp_path, f"key,score\nyoutube/000.mp4,{score}\n")


def test_a_byte_order_mark_and_quotes_are_read(tmp_path):
    scores = read(tmp_path, '\ufeff"key","score"\r\n"youtube/000.mp4","0.5"\r\n')
    assert by_clip(scores) == {"youtube/000.mp4": 0.5}


def test_parquet_is_read_alike(tmp_path):
    path = tmp_path / "theirs.parquet"
    table = {"key": ["youtube/000.mp4", "youtube/003.mp4"], "score": pa.array([1, None], pa.int32()), "extra": ["", ""]}
    pq.write_table(pa.table(table), path)
    assert by_clip(read_foreign(path, PROTOCOL, "fake-high")) == {"youtube/000.mp4": 1.0}
    path.write_bytes(b"PAR1 or not")
    with pytest.raises(FacefakeError) as error:
        read_foreign(path, PROTOCOL, "fake-high")
    assert error.value.code == "scores_invalid"


def test_files_of_the_clips_are_named_where_they_are_known(tmp_path):
    scores = read(tmp_path, "key,score\nyoutube/000.mp4,0.5\n", files={"youtube/000.mp4": "/data/youtube/000.mp4"})
    assert sorted(scores.path, key=str) == ["/data/youtube/000.mp4", *[None] * 5]


def test_no_file_is_not_found(tmp_path):
    for name in ("no.csv", "no.parquet"):
        with pytest.raises(FacefakeError) as error:
            read_foreign(tmp_path / name, PROTOCOL, "fake-high")
        assert error.value.code == "not_found"

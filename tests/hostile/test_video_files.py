"""Files that lie, end too early or are broken on purpose: a typed error or the right frames, and never a hang."""

import numpy as np
import pytest

from preprocessing.errors import FacefakeError
from preprocessing.video import check_file, open_video
from preprocessing.workers import map_clips
from tests import jobs
from tests.clips import cut, move_index_first, write_audio, write_video

LIMIT = 60.0  # seconds for one small file; none comes near


def outcomes(paths, workers=2):
    """Each file read whole in a child process: its result or error code."""
    results = map_clips(jobs.read_all, paths, workers=workers, timeout=LIMIT)
    return [result.code if isinstance(result, FacefakeError) else result for _, result in results]


def at_25_fps(count):
    return [(number / 25, number) for number in range(count)]


def code(path):
    with pytest.raises(FacefakeError) as caught:
        open_video(path)
    return caught.value.code


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{victim}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{victim}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        '<?xml version="1.0"?><MPD><Period><BaseURL>{victim}</BaseURL></Period></MPD>',
    ],
)
def test_no_playlist_leads_to_another_file(tmp_path, text):
    victim = write_video(tmp_path / "victim.mp4", 3)
    for name in ("list.mp4", "list.m3u8"):
        path = tmp_path / name
        path.write_text(text.format(victim=victim))
        assert code(path) == "not_a_video"


def test_a_playlist_behind_the_first_bytes_of_a_video_is_not_followed(tmp_path):
    victim = write_video(tmp_path / "victim.mp4", 3)
    for head in (b"\x00\x00\x00\x08free", b"\x1aE\xdf\xa3", b"FLV\x01", b"\x00\x00\x01\xba"):
        path = tmp_path / "mixed.mp4"
        path.write_bytes(head + f"\n#EXTM3U\n#EXTINF:9,\n{victim}\n".encode())
        check_file(path)  # passes the door
        assert code(path) in ("unreadable", "no_video_stream", "nothing_decoded")


def test_the_name_says_nothing(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", 4)
    names = ("clip.avi", "clip.txt", "clip", "clip.m3u8", "-i.mp4", "clip %03d.mp4", "a,b;c'd.mp4", "ütf-8 ☃.mp4")
    for name in names:
        (tmp_path / name).write_bytes(clip.read_bytes())
    assert outcomes([tmp_path / name for name in names]) == [(at_25_fps(4), [])] * len(names)


def test_no_index_at_all(tmp_path):
    assert code(cut(write_video(tmp_path / "clip.mp4", 30), 0.5)) == "unreadable"


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mp4", "libx264"), ("mkv", "libx264"), ("webm", "libvpx-vp9"), ("avi", "mjpeg"), ("ts", "libx264")],
)
def test_cut_at_any_place(tmp_path, suffix, codec):
    """What is delivered is always the beginning of the clip, each frame once and in order."""
    whole = write_video(tmp_path / f"whole.{suffix}", 40, codec=codec, gop=10)
    if suffix == "mp4":
        move_index_first(whole)
    paths = []
    for share in (0.02, 0.2, 0.4, 0.6, 0.8, 0.95, 0.999):
        path = tmp_path / f"cut_{share}.{suffix}"
        path.write_bytes(whole.read_bytes())
        paths.append(cut(path, share))
    for result in outcomes(paths):
        if isinstance(result, str):
            assert result in ("unreadable", "nothing_decoded", "no_video_stream", "not_a_video")
            continue
        frames, failed = result
        assert frames, "nothing_decoded would have been the word"
        assert frames == [(round(number / 25, 3), number) for _, number in frames]
        # with B-frames the last one before the cut may be shown after others that were cut off
        assert [number for _, number in frames[:-1]] == list(range(len(frames) - 1))
        # only the frame at the cut, and those shown beside it, may be lost
        assert all(index >= len(frames) + len(failed) - 4 for index in failed)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mp4", "libx264"), ("mkv", "libx265"), ("webm", "libvpx-vp9"), ("avi", "mpeg4"), ("ts", "libx264")],
)
def test_bytes_overwritten_at_random(tmp_path, suffix, codec):
    """Typed errors, or frames all accounted for (`read_all` asserts it); the decoder neither crashes nor hangs."""
    whole = np.frombuffer(write_video(tmp_path / f"whole.{suffix}", 24, codec=codec).read_bytes(), np.uint8)
    paths = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        data = whole.copy()
        places = random.integers(0, len(data), size=1 + seed * 4)
        data[places] = random.integers(0, 256, size=len(places))
        paths.append(tmp_path / f"{seed}.{suffix}")
        paths[-1].write_bytes(data.tobytes())
    for result in outcomes(paths):
        if isinstance(result, str):
            assert result in ("unreadable", "nothing_decoded", "no_video_stream", "not_a_video", "too_large")


def test_one_bad_file_stops_no_other(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a film")
    good = write_video(tmp_path / "good.mp4", 3)
    paths = [
        *(good, tmp_path / "empty.mp4", tmp_path / "text.mp4", tmp_path, tmp_path / "missing.mp4"),
        *(write_audio(tmp_path / "sound.mp4"), "http://127.0.0.1:9/x.mp4", good),
    ]
    assert outcomes(paths) == [
        *((at_25_fps(3), []), "empty_file", "not_a_video", "not_a_file", "not_found", "no_video_stream", "url_path"),
        (at_25_fps(3), []),
    ]

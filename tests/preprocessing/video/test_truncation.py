"""Clips that are whole though fewer frames come than the header counts, and clips that broke off."""

from fractions import Fraction

import av
import numpy as np
import pytest

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.video import Sampling, open_video
from tests.clips import cut, move_index_first, numbered_frame, write_video

KEY = "00112233445566778899aabbccddeeff"


def cut_short(path):
    with open_video(path, backend="pyav") as reader:
        return reader.info.cut_short


def outcome(path):
    recipe = Recipe.of_pictures(CropGeometry("resize-crop", 1, 32), Sampling("uniform", 4))
    found = extract_clip(Clip(path, path.name, "folder", "unknown", None, None, None, path.stem), recipe)
    return found.outcome


def copy(source, target, start=0.0, container=None, **options):
    """The packets of a file in another; from ``start`` seconds on, what is before is hidden by an edit list."""
    with av.open(str(source)) as old, av.open(str(target), "w", format=container, options=options) as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.dts is None:
                continue
            shift = round(start / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = streams[packet.stream.index]
            new.mux(packet)
    return target


def boxes(data):
    """Kind, start and end of the boxes of an MP4."""
    place = 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], place, place + size
        place += size


def fragments(path, flags="frag_keyframe+empty_moov+default_base_moof", frames=48):
    copy(write_video(path.with_name("source.mp4"), frames), path, movflags=flags)
    return path


# ---- whole ----


def test_a_clip_trimmed_by_an_edit_list_is_whole(tmp_path):
    source = write_video(tmp_path / "source.mp4", 75, gop=250)
    for start in (0.4, 1.5, 2.6):
        trimmed = copy(source, tmp_path / "trimmed.mp4", start)
        with open_video(trimmed) as reader:
            assert (reader.info.frames_reported, reader.info.cut_short) == (75, None)
            assert len(reader) == pytest.approx(75 - start * 25, abs=1)
        assert outcome(trimmed) == "ok"


def test_an_edit_list_may_hide_both_ends(tmp_path):
    path = copy(write_video(tmp_path / "source.mp4", 75, gop=250), tmp_path / "trimmed.mp4", 1.0)
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 12
    data[place : place + 4] = (400).to_bytes(4, "big")  # milliseconds
    path.write_bytes(data)
    with open_video(path) as reader:
        assert len(reader) <= 12
        assert reader.info.cut_short is None


def test_a_trimmed_clip_that_broke_off_too_is_not_whole(tmp_path):
    path = copy(write_video(tmp_path / "source.mp4", 75, gop=250), tmp_path / "trimmed.mp4", 0.4, movflags="faststart")
    assert cut_short(path) is None
    assert "75 frames and holds" in cut_short(cut(path, 0.5))


@pytest.mark.parametrize(("codec", "index"), [("mjpeg", True), ("mpeg4", True), ("mjpeg", False)])
def test_empty_chunks_of_an_avi_are_frames(tmp_path, codec, index):
    source = write_video(tmp_path / "source.avi", 20, codec=codec, b_frames=0)
    path = tmp_path / "null.avi"
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for place, packet in enumerate(packet for packet in old.demux(video=0) if packet.dts is not None):
            packet.pts = packet.dts = 5 * place
            packet.stream = stream
            new.mux(packet)
    if not index:
        path.write_bytes(path.read_bytes()[: path.read_bytes().rindex(b"idx1")])
    with open_video(path) as reader:
        assert (len(reader), reader.info.frames_reported, reader.info.cut_short) == (20, 96, None)
    if codec == "mjpeg":  # of the other, half is the header
        assert cut_short(cut(path, 0.5)) is not None


def test_parts_of_a_dash_stream_are_whole(tmp_path):
    source = write_video(tmp_path / "source.mp4", 75)
    folder = tmp_path / "dash"
    folder.mkdir()
    copy(source, folder / "clip.mpd", container="dash", seg_duration="0.5")
    head = (folder / "init-stream0.m4s").read_bytes()
    chunks = [path.read_bytes() for path in sorted(folder.glob("chunk-*"))]
    for some in (chunks, chunks[:1], chunks[2:4]):
        part = tmp_path / "part.mp4"
        part.write_bytes(head + b"".join(some))
        assert cut_short(part) is None
    part.write_bytes(part.read_bytes()[:-500])
    assert cut_short(part) is not None


def write_with_sound(path, frames=10, seconds=4, **options):
    with av.open(str(path), "w", options=options) as sink:
        video, sound = sink.add_stream("libx264", rate=25), sink.add_stream("aac", rate=16_000)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.options = {"x264-params": "log-level=none"}
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(numbered_frame(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            sink.mux(video.encode(frame))
        sink.mux(video.encode())
        for block in range(16 * seconds):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16_000, block * 1000, Fraction(1, 16_000)
            sink.mux(sound.encode(frame))
        sink.mux(sound.encode())
    return path


@pytest.mark.parametrize("suffix", ["mkv", "flv", "mp4", "ts", "avi"])
def test_sound_may_go_on_after_the_video(tmp_path, suffix):
    assert cut_short(write_with_sound(tmp_path / f"clip.{suffix}")) is None


def test_sound_may_go_on_in_fragments(tmp_path):
    assert cut_short(write_with_sound(tmp_path / "clip.mp4", movflags="frag_keyframe+empty_moov")) is None


@pytest.mark.parametrize("suffix", ["mkv", "flv", "mp4", "ts", "mpg", "wmv"])
def test_one_frame_is_a_whole_clip(tmp_path, suffix):
    codec = {"mpg": "mpeg2video", "wmv": "wmv2"}.get(suffix, "libx264")
    assert cut_short(write_video(tmp_path / f"clip.{suffix}", 1, codec=codec)) is None


@pytest.mark.parametrize("suffix", ["mkv", "flv", "mp4"])
def test_frames_may_come_seldom_and_late(tmp_path, suffix):
    times = [7.0, 7.1, 7.2, 12.0, 12.1, 16.0, 16.04]
    assert cut_short(write_video(tmp_path / f"clip.{suffix}", len(times), times=times)) is None


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "libx264"), ("webm", "libvpx")])
def test_a_live_recording_without_a_duration_is_whole(tmp_path, suffix, codec):
    source = write_video(tmp_path / f"source.{suffix}", 40, codec=codec)
    assert cut_short(copy(source, tmp_path / f"live.{suffix}", live="1")) is None


# ---- broken off ----

CUT = {
    "mkv": ("mkv", {}),
    "mkv_with_sound": ("mkv", {"audio": True}),
    "webm": ("webm", {"codec": "libvpx"}),
    "flv": ("flv", {}),
    "avi": ("avi", {"codec": "mjpeg"}),
    "wmv": ("wmv", {"codec": "wmv2"}),
}


@pytest.mark.parametrize("kind", CUT)
def test_what_broke_off_is_a_shortfall(tmp_path, kind):
    suffix, arguments = CUT[kind]
    path = write_video(tmp_path / f"clip.{suffix}", 60, **arguments)
    assert (cut_short(path), outcome(path)) == (None, "ok")
    cut(path, 0.5)
    assert cut_short(path)
    assert outcome(path) == "decode_shortfall"


@pytest.mark.parametrize("kind", CUT)
def test_a_little_that_is_missing_is_none(tmp_path, kind):
    suffix, arguments = CUT[kind]
    assert cut_short(cut(write_video(tmp_path / f"clip.{suffix}", 60, **arguments), 0.97)) is None


def test_an_mp4_with_its_index_first(tmp_path):
    path = move_index_first(write_video(tmp_path / "clip.mp4", 60))
    data = path.read_bytes()
    for share, whole in ((0.97, True), (0.8, False), (0.5, False)):
        path.write_bytes(data[: int(len(data) * share)])
        assert (cut_short(path) is None) is whole


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe", "dash+global_sidx+frag_keyframe"])
def test_a_fragment_that_reaches_beyond_the_file(tmp_path, flags):
    path = fragments(tmp_path / "clip.mp4", flags)
    assert cut_short(path) is None
    assert outcome(cut(path, 0.4)) == "decode_shortfall"


@pytest.mark.parametrize("promise", ["sidx", "mfra", "mehd"])
def test_fragments_that_were_promised_and_are_not_there(tmp_path, promise):
    flags = "dash+global_sidx+frag_keyframe" if promise == "sidx" else "frag_keyframe+empty_moov+default_base_moof"
    path = fragments(tmp_path / "clip.mp4", flags)
    data = path.read_bytes()
    if promise == "mehd":
        moov, mvex = data.index(b"moov") - 4, data.index(b"mvex") - 4
        mehd = (16).to_bytes(4, "big") + b"mehd" + bytes(4) + (1920).to_bytes(4, "big")
        sizes = [int.from_bytes(data[place : place + 4], "big") + 16 for place in (moov, mvex)]
        between, rest = data[moov + 4 : mvex], data[mvex + 8 :]
        data = data[:moov] + sizes[0].to_bytes(4, "big") + between + sizes[1].to_bytes(4, "big") + b"mvex" + mehd + rest
        path.write_bytes(data)
        assert cut_short(path) is None
    parts = list(boxes(data))
    moofs = [start for kind, start, _ in parts if kind == b"moof"]
    index = b"".join(data[start:end] for kind, start, end in parts if kind == b"mfra" and promise == "mfra")
    path.write_bytes(data[: moofs[2]] + index)
    assert cut_short(path) is not None
    if promise == "mehd":  # a part from the middle is one on purpose
        middle = [start for start in moofs if start >= moofs[3]]
        path.write_bytes(data[: moofs[0]] + data[middle[0] :])
        with open_video(path) as reader:
            assert reader.info.cut_short is None or reader.times[0] < 1


def test_a_live_recording_that_breaks_off_inside_a_cluster(tmp_path):
    live = copy(write_video(tmp_path / "source.mkv", 40), tmp_path / "live.mkv", live="1")
    assert "breaks off" in cut_short(cut(live, 0.6))


def test_a_transport_stream_promises_nothing(tmp_path):
    assert cut_short(cut(write_video(tmp_path / "clip.ts", 40), 0.5)) is None


# ---- encrypted ----


def encryption(path):
    with pytest.raises(FacefakeError) as caught:
        open_video(path)
    assert "encrypted" in caught.value.message
    return caught.value.code


@pytest.mark.parametrize("scheme", ["cenc", "cbcs", "cens", "cbc1"])
@pytest.mark.parametrize("flags", ["", "frag_keyframe+empty_moov"])
def test_an_encrypted_mp4_says_so(tmp_path, scheme, flags):
    path = tmp_path / "clip.mp4"
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": KEY, "encryption_kid": KEY}
    copy(write_video(tmp_path / "source.mp4", 10), path, **options, **({"movflags": flags} if flags else {}))
    path.write_bytes(path.read_bytes().replace(b"schm\0\0\0\0cenc", b"schm\0\0\0\0" + scheme.encode()))
    assert encryption(path) == "encrypted"
    with pytest.raises(FacefakeError, match=scheme):
        open_video(path)


def element(kind, content):
    return bytes.fromhex(kind) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def test_an_encrypted_matroska_says_so(tmp_path):
    """The header alone is written by hand, as a packager writes it; it is all that is asked."""
    encrypted = element("6d80", element("6240", element("5033", b"\1") + element("5035", element("47e1", b"\5"))))
    video = element("e0", element("b0", b"\0\xa0") + element("ba", b"\0\x60"))
    head = element("1a45dfa3", element("4282", b"webm") + element("4287", b"\4") + element("4285", b"\2"))
    block = element("1f43b675", element("e7", b"\0") + element("a3", b"\x81\0\0\x80" + bytes(50)))

    def written(name, encodings):
        kind = element("d7", b"\1") + element("73c5", b"\1") + element("83", b"\1") + element("86", b"V_VP8")
        track = element("ae", kind + video + encodings)
        path = tmp_path / name
        path.write_bytes(head + element("18538067", element("1654ae6b", track) + block))
        return path

    assert encryption(written("clip.webm", encrypted)) == "encrypted"
    with pytest.raises(FacefakeError) as caught:
        open_video(written("plain.webm", b""))
    assert caught.value.code != "encrypted"


def test_a_scrambled_transport_stream_says_so(tmp_path):
    path = write_video(tmp_path / "clip.ts", 20)
    data = bytearray(path.read_bytes())
    for start in range(0, len(data), 188):
        pid = (data[start + 1] & 0x1F) << 8 | data[start + 2]
        if pid == 0x100:  # FFmpeg's for the first stream
            data[start + 3] |= 0x80
    path.write_bytes(data)
    assert encryption(path) == "encrypted"

"""Files whose clock restarts, stands still or jumps: every frame that decodes is one of the clip, in its place."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from preprocessing.errors import FacefakeError
from preprocessing.video import Limits, open_video
from preprocessing.video.clock import Packet, is_ambiguous, running_times, segments, without_gaps
from preprocessing.video.demux import is_hidden
from preprocessing.video.fields import SecondFields
from tests.clips import numbered_frame, read_number, write_video
from tests.h264_fields import field, parameter_sets

JOINED = {
    "ts": ("ts", {}),
    "ts_without_b": ("ts", {"b_frames": 0}),
    "ts_hevc": ("ts", {"codec": "libx265"}),
    "ts_mpeg2": ("ts", {"codec": "mpeg2video"}),
    "mkv": ("mkv", {}),
    "vp8": ("webm", {"codec": "libvpx"}),
    "vp9": ("webm", {"codec": "libvpx-vp9"}),
    "mpeg": ("mpg", {"codec": "mpeg2video"}),
    "avi": ("avi", {"codec": "mpeg4"}),
    "mjpeg": ("avi", {"codec": "mjpeg"}),
    "flv": ("flv", {}),
    "mp4": ("mp4", {}),
    "wmv": ("wmv", {"codec": "wmv2"}),
}


def decoded_by_ffmpeg(path):
    """Frames that come of decoding the whole file from its start."""
    with av.open(str(path)) as source:
        frames = []
        for packet in source.demux(video=0):
            try:
                frames += [frame.to_ndarray(format="rgb24") for frame in packet.decode()]
            except av.error.FFmpegError:
                continue
    return frames


def join(folder, suffix, *parts, **arguments):
    """Several recordings, of so many frames each, in one file by ``cat``."""
    start, data = 0, b""
    for place, count in enumerate(parts):
        frames = [numbered_frame(number) for number in range(start, start + count)]
        data += write_video(folder / f"part{place}.{suffix}", frames, **arguments).read_bytes()
        start += count
    path = folder / f"joined.{suffix}"
    path.write_bytes(data)
    return path


def remux(source, target, change):
    """Copy the packets of a file with other time stamps."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        second = int(1 / old.streams.video[0].time_base)
        for place, packet in enumerate(packet for packet in old.demux(video=0) if packet.dts is not None):
            packet.pts, packet.dts = change(place, packet.pts, packet.dts, second)
            packet.stream = stream
            new.mux(packet)
    return target


def all_of(reader):
    return {
        int(index): rgb
        for part in reader.read(range(len(reader)))
        for index, rgb in zip(part.index, part.rgb, strict=True)
    }


def check_every_frame(path, expected=None):
    """As many as FFmpeg decodes, the same one by one in any order as in one go, at times that ascend."""
    truth = decoded_by_ffmpeg(path)
    with open_video(path, backend="pyav") as reader:
        frames = all_of(reader)
        assert len(reader) == len(frames) == len(truth)
        assert reader.failed == {}
        assert all(np.abs(frames[index].astype(int) - truth[index]).max() <= 4 for index in frames)
        assert all(one < other for one, other in pairwise(reader.times))
        for index in np.random.default_rng(0).permutation(len(reader))[:16].tolist():
            [alone] = reader.read([index])
            assert np.array_equal(alone.rgb[0], frames[index]), f"frame {index}"
        if expected is not None:
            assert [read_number(frames[index]) for index in range(len(frames))] == expected
        return reader.times, reader.info


@pytest.mark.parametrize("kind", JOINED)
def test_joined_recordings_have_all_the_frames_that_ffmpeg_decodes(tmp_path, kind):
    suffix, arguments = JOINED[kind]
    times, info = check_every_frame(join(tmp_path, suffix, 18, 15, **arguments))
    if suffix not in ("flv", "mp4", "wmv"):  # of which FFmpeg, too, sees only the first
        assert len(times) == 33
        assert np.diff(times) == pytest.approx(0.04, abs=2e-3), "as if the clock ran on"
    if suffix in ("ts", "mkv", "webm", "mpg"):
        assert info.clock_restarts == 1
        assert info.duration == pytest.approx(33 / 25, abs=0.01)
        assert info.cut_short is None


def test_several_restarts_are_counted(tmp_path):
    path = join(tmp_path, "ts", 8, 5, 9, 1)
    _, info = check_every_frame(path, list(range(23)))
    assert info.clock_restarts == 3


def test_parts_of_different_length_do_not_mix(tmp_path):
    check_every_frame(join(tmp_path, "mkv", 5, 25), list(range(30)))
    check_every_frame(join(tmp_path, "ts", 25, 5), list(range(30)))


@pytest.mark.parametrize("first", [0, 1])
def test_a_transport_stream_that_began_at_another_hour(tmp_path, first):
    """FFmpeg takes a clock that goes back by hours for one that overflowed, and adds a day to it."""
    parts = []
    for place, hours in enumerate((3, 0) if first else (0, 3)):
        frames = [numbered_frame(number) for number in range(15 * place, 15 * place + 15)]
        source = write_video(tmp_path / f"part{place}.mp4", frames)
        parts.append(
            remux(
                source,
                tmp_path / f"part{place}.ts",
                lambda _, pts, dts, second, hours=hours: (pts + hours * 3600 * second, dts + hours * 3600 * second),
            )
        )
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    times, info = check_every_frame(path, list(range(30)))
    assert times[-1] == pytest.approx(29 / 25, abs=0.01)
    assert info.clock_restarts == 1


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv"])
def test_frames_of_one_time_stamp_are_all_frames(tmp_path, suffix):
    source = write_video(tmp_path / "source.mp4", 30, b_frames=0)

    def double(place, pts, dts, second):  # every fifth has the time stamp of the one before it
        return (pts - second // 25 if place % 5 == 3 else pts), dts - second // 10

    times, info = check_every_frame(remux(source, tmp_path / f"double.{suffix}", double), list(range(30)))
    assert times == pytest.approx(np.arange(30) / 25, abs=2e-3), "spread up to the next time stamp"
    assert info.clock_restarts == 6


@pytest.mark.parametrize("suffix", ["mp4", "ts", "flv"])
def test_a_clock_that_stands_still_for_a_while(tmp_path, suffix):
    source = write_video(tmp_path / "source.mp4", 30, b_frames=0)

    def stand(place, pts, dts, second):
        if 10 <= place < 20:
            return second * 10 // 25, second * 10 // 25 - (20 - place) * 100
        return pts, dts - (second // 2 if place < 10 else 0)

    times, info = check_every_frame(remux(source, tmp_path / f"still.{suffix}", stand), list(range(30)))
    assert times == pytest.approx(np.arange(30) / 25, abs=2e-3)
    assert info.clock_restarts == 1


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv"])
def test_a_clock_that_jumps_back_a_little_between_the_time_stamps(tmp_path, suffix):
    source = write_video(tmp_path / "source.mp4", 30, b_frames=0)

    def back(place, pts, dts, second):
        return (pts - second * 13 // 100 if place >= 15 else pts), dts - second // 2

    times, info = check_every_frame(remux(source, tmp_path / f"back.{suffix}", back), list(range(30)))
    assert times == pytest.approx(np.arange(30) / 25, abs=2e-3)
    assert info.clock_restarts == 1


@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_damage_at_the_seam_costs_no_frame_that_decodes(tmp_path, suffix):
    path = join(tmp_path, suffix, 20, 20)
    first = (tmp_path / f"part0.{suffix}").stat().st_size
    data = bytearray(path.read_bytes())
    del data[first - 300 : first]
    path.write_bytes(data)
    truth = decoded_by_ffmpeg(path)
    with open_video(path) as reader:
        assert len(reader) == len(truth)
        for index, rgb in all_of(reader).items():
            assert np.abs(rgb.astype(int) - truth[index]).max() <= 4


def test_the_limits_hold_for_all_parts_together(tmp_path):
    path = join(tmp_path, "ts", 20, 20)
    for limits in (Limits(frames=39), Limits(seconds=1.5)):
        with pytest.raises(FacefakeError) as caught:
            open_video(path, limits=limits)
        assert caught.value.code == "too_large"
    with open_video(path, limits=Limits(frames=40, seconds=1.6)) as reader:
        assert len(reader) == 40


def test_decord_refuses_what_it_would_miscount(tmp_path):
    pytest.importorskip("decord")
    with pytest.raises(FacefakeError) as caught:
        open_video(join(tmp_path, "mkv", 10, 10), backend="decord")
    assert caught.value.code == "unreadable"


def test_ordinary_clips_say_nothing_of_a_clock(tmp_path):
    for suffix, arguments in JOINED.values():
        with open_video(write_video(tmp_path / f"clip.{suffix}", 13, **arguments)) as reader:
            assert (len(reader), reader.info.clock_restarts, reader._backend._index.decoded) == (13, 0, False)


def test_the_time_of_a_seldom_frame_is_the_files_own(tmp_path):
    """Gaps are no restarts: time lapses and screen recordings have long ones."""
    clip = write_video(tmp_path / "lapse.mkv", 4, times=[0.0, 4000.0, 8000.0, 8000.04], gop=1)
    with open_video(clip) as reader:
        assert reader.times == pytest.approx([0.0, 4000.0, 8000.0, 8000.04], abs=1e-3)
        assert reader.info.clock_restarts == 0


# ---- packets that are no frame of their own ----


def hide(data, codec):
    """Mark the frame of a packet as one that is not shown."""
    hidden = bytearray(data)
    hidden[0] &= ~(0x10 if codec == "libvpx" else 0x02)
    return bytes(hidden)


@pytest.mark.parametrize(("codec", "suffix"), [("libvpx", "webm"), ("libvpx", "mkv"), ("libvpx-vp9", "avi")])
@pytest.mark.parametrize("shared", [False, True])
def test_frames_that_are_never_shown_are_not_counted(tmp_path, codec, suffix, shared):
    if shared and suffix == "avi":
        pytest.skip("AVI has no time stamps to share")
    source = write_video(tmp_path / "source.webm", 24, codec=codec, gop=100)
    path = tmp_path / f"hidden.{suffix}"
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for place, packet in enumerate(packet for packet in old.demux(video=0) if packet.dts is not None):
            hidden = place % 8 == 5
            copy = av.Packet(hide(bytes(packet), codec) if hidden else bytes(packet))
            copy.pts = copy.dts = packet.pts + (40 if hidden and shared else 0)
            copy.time_base, copy.is_keyframe, copy.stream = packet.time_base, packet.is_keyframe, stream
            new.mux(copy)
    _, info = check_every_frame(path)
    assert info.clock_restarts == 0
    with open_video(path) as reader:
        assert len(reader) == 21


def test_what_is_hidden_by_the_bits_of_its_header():
    shown, not_shown, existing = 0b1000_0110, 0b1000_0100, 0b1000_1000
    for first, hidden in ((shown, False), (not_shown, True), (existing, False)):
        assert is_hidden("vp9", av.Packet(bytes([first, 0, 0]))) is hidden
    # profile 3 has a reserved bit before them
    assert is_hidden("vp9", av.Packet(bytes([0b1011_0001, 0, 0]))) is False
    assert is_hidden("vp9", av.Packet(bytes([0b1011_0000, 0xFF, 0]))) is True
    assert is_hidden("vp9", av.Packet(bytes([not_shown, 0, 0b1100_0001]))) is False, "several frames, the last is shown"
    assert is_hidden("h264", av.Packet(b"\0\0\0")) is False


def write_fields(path, apart, count=12):
    """H.264 in fields, in one packet for two or in one each; the frames are of grey 40, 50, 60, ..."""
    raw = path.with_suffix(".h264")
    raw.write_bytes(parameter_sets() + field(0, False, 40) + field(0, True, 40))
    with av.open(str(raw), format="h264") as like, av.open(str(path), "w") as sink:
        stream = sink.add_stream_from_template(like.streams.video[0])
        for number in range(count):
            top = (parameter_sets() if number == 0 else b"") + field(number, False, 40 + 10 * number)
            bottom = field(number, True, 40 + 10 * number)
            for place, data in enumerate([top, bottom] if apart else [top + bottom]):
                packet = av.Packet(data)
                packet.pts = packet.dts = 90_000 + number * 3600 + place * 1800
                packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 90_000), stream, number == 0
                sink.mux(packet)
    return path


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_two_fields_are_one_frame(tmp_path, suffix, apart):
    times, info = check_every_frame(write_fields(tmp_path / f"fields.{suffix}", apart))
    assert times == pytest.approx(np.arange(12) / 25, abs=2e-3)
    assert info.clock_restarts == 0


def test_interlaced_frames_in_one_picture_are_no_fields(tmp_path):
    for suffix in ("mp4", "ts"):
        options = {"x264-params": "interlaced=1:log-level=none"}
        with open_video(write_video(tmp_path / f"clip.{suffix}", 20, options=options)) as reader:
            assert len(reader) == 20


@pytest.mark.parametrize(
    "extradata", [None, b"", b"\x01", b"\x00\x00\x01\x67", b"\x00\x00\x01\x67\x64\x00", b"\x01" * 9]
)
def test_damaged_parameter_sets_tell_of_no_fields(extradata):
    fields = SecondFields(extradata)
    assert not fields.is_second(memoryview(field(0, False, 50)))
    assert not fields.is_second(memoryview(field(0, True, 50)))


# ---- the arithmetic ----


def packets(*stamps, keys=(0,)):
    return [Packet(stamp, None, place in keys) for place, stamp in enumerate(stamps)]


def test_b_frames_and_open_gops_are_not_ambiguous():
    assert not is_ambiguous(packets(0, 3, 1, 2, 6, 4, 5), reorders=True)
    assert not is_ambiguous(packets(0, 3, 1, 2, 6, 4, 5, keys=(0, 4)), reorders=True)
    assert not is_ambiguous(packets(0, 1, 2, 9, 10), reorders=False)


def test_what_is_ambiguous():
    assert is_ambiguous(packets(0, 1, 1, 2), reorders=False)
    assert is_ambiguous(packets(5, 6, 7, 0, 1), reorders=False)
    assert is_ambiguous(packets(5, 8, 6, 7, 0, 3, 1, 2, keys=(0, 4)), reorders=True)
    assert is_ambiguous([Packet(0, 0, True), Packet(None, 1, False)], reorders=False)
    assert is_ambiguous([Packet(9, 9, True), Packet(12, 10, False), Packet(11, 4, False)], reorders=True)


def test_parts_begin_where_decoding_times_go_back():
    stamps = [0, 1, 2, 1, 3, 0, 1, None, 2]
    assert list(segments([Packet(None, dts, False) for dts in stamps], 1.0)) == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    assert set(segments([Packet(None, dts, False) for dts in (3, 2, 4)], 0.04)) == {0}, "noise of made up times"


def test_times_run_on():
    def times(*stamps, **more):
        found, count = running_times(
            np.array(stamps), 0.5, **{"container": "flv", "fps": None, "may_repeat": False, **more}
        )
        return found.tolist(), count

    assert times(7, 8, 9, 10) == ([0.0, 0.5, 1.0, 1.5], 0)
    assert times(7, 8, 0, 3) == ([0.0, 0.5, 1.5, 3.0], 1), "by the median of the steps that ascend"
    assert times(4, 4, 5) == ([0.0, 0.25, 0.5], 1)
    assert times(4, 5, 5) == ([0.0, 0.5, 1.0], 1)
    assert times(4, 5, 5, 0, 1) == ([0.0, 0.5, 1.0, 1.5, 2.0], 2)
    assert times(4, 5, 5, 6, may_repeat=True) == ([0.0, 0.5, 0.5, 1.0], 0)
    assert times(3, 3, fps=10) == ([0.0, 0.1], 1)
    assert times(3) == ([0.0], 0)
    assert times(0, 1, 100_000, container="mpegts")[1] == 1
    assert times(0, 1, 100_000, container="matroska")[1] == 0


def test_missing_time_stamps_are_filled_in():
    assert without_gaps([0, None, 4, None, None, 10, None]).tolist() == [0, 2, 4, 6, 8, 10, 10]
    assert without_gaps([None, None]).tolist() == [0, 1]

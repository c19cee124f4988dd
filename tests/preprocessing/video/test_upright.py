"""Frames as a viewer sees them: of their own size, upright, of square pixels, without combing, in SDR."""

from fractions import Fraction

import av
import numpy as np
import pytest
from skimage.data import astronaut

from preprocessing.errors import FacefakeError
from preprocessing.video import Limits, open_video, probe
from preprocessing.video.hdr import HLG, PQ
from tests.clips import INTERLACED, Part, numbered_frame, read_number, write_parts, write_video


def numbered(start, count, width, height):
    return [numbered_frame(number, width, height) for number in range(start, start + count)]


def read_all(path, **arguments):
    """Every frame by index, what was said of the clip afterwards, and why frames are missing."""
    with open_video(path, **arguments) as reader:
        got = {}
        for batch in reader.read(range(len(reader))):
            assert batch.rgb.flags.c_contiguous
            got |= dict(zip(batch.index.tolist(), batch.rgb, strict=True))
        return got, reader.info, reader.failed


def check_random_access(path, got):
    """Frames are the same in whatever order they are asked for."""
    with open_video(path) as reader:
        for index in np.random.default_rng(0).permutation(len(reader)).tolist():
            (batch,) = reader.read([index])
            assert np.array_equal(batch.rgb[0], got[index]), index
    for step in (2, 5):
        with open_video(path) as reader:
            for batch in reader.read(range(0, len(reader), step)):
                for index, rgb in zip(batch.index, batch.rgb, strict=True):
                    assert np.array_equal(rgb, got[int(index)]), index


# ---- frame sizes ----

GROWING = [(160, 96), (320, 192), (96, 160), (240, 144)]


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("webm", "libvpx"),
        ("webm", "libvpx-vp9"),
        ("ts", "libx264"),
        ("mkv", "libx264"),
        ("mp4", "libx264"),
        ("ts", "libx265"),
        ("avi", "mpeg4"),
        ("avi", "mjpeg"),
    ],
)
@pytest.mark.parametrize("sizes", [GROWING, [(320, 192), (64, 64)]], ids=["grows", "shrinks"])
def test_each_frame_keeps_its_size(tmp_path, suffix, codec, sizes):
    parts = [Part(numbered(8 * place, 8, *size)) for place, size in enumerate(sizes)]
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_parts(tmp_path / f"clip.{suffix}", parts, codec, pixel_format=pixels)
    got, info, failed = read_all(path)
    assert failed == {}
    assert {index: read_number(rgb) for index, rgb in got.items()} == {k: k for k in range(8 * len(sizes))}
    assert [got[index].shape[1::-1] for index in range(0, 8 * len(sizes), 8)] == sizes
    assert (info.width, info.height) == sizes[0]
    assert info.notes == (f"The frame size changes ({', '.join(f'{w}x{h}' for w, h in sizes)}).",)
    check_random_access(path, got)


def test_a_batch_is_of_one_size(tmp_path):
    parts = [Part(numbered(0, 3, 160, 96)), Part(numbered(3, 3, 320, 192)), Part(numbered(6, 1, 160, 96))]
    with open_video(write_parts(tmp_path / "clip.webm", parts, "libvpx")) as reader:
        batches = [(batch.index.tolist(), batch.rgb.shape[1:3]) for batch in reader.read(range(7), batch=2)]
    assert batches == [([0, 1], (96, 160)), ([2], (96, 160)), ([3, 4], (192, 320)), ([5], (192, 320)), ([6], (96, 160))]


def test_the_limit_on_pixels_holds_for_every_frame(tmp_path):
    parts = [Part(numbered(0, 6, 160, 96)), Part(numbered(6, 6, 320, 192))]
    path = write_parts(tmp_path / "clip.webm", parts, "libvpx")
    got, _, failed = read_all(path, limits=Limits(pixels=160 * 96))
    assert (sorted(got), sorted(failed)) == (list(range(6)), list(range(6, 12)))


# ---- orientation ----


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_all_orientations_of_a_container_are_undone(tmp_path, suffix, rotation, mirrored):
    path = write_video(tmp_path / f"clip.{suffix}", 3, rotation=rotation, mirrored=mirrored)
    got, info, _ = read_all(path)
    assert np.abs(got[2].astype(int) - numbered_frame(2)).mean() < 4
    assert (info.width, info.height, info.rotation) == (160, 96, rotation)
    assert bool(info.notes) == mirrored


@pytest.mark.parametrize(
    ("orientation", "undone"),
    [
        ("rotate=90", lambda rgb: np.rot90(rgb, 1)),  # anticlockwise, as H.264 counts
        ("flip=horizontal", lambda rgb: rgb[:, ::-1]),
        ("flip=vertical", lambda rgb: rgb[::-1]),
        ("rotate=90:flip=horizontal", lambda rgb: np.rot90(rgb[:, ::-1], 1)),  # the flip is first
    ],
)
def test_frames_may_bring_an_orientation_of_their_own_midway(tmp_path, orientation, undone):
    plain = numbered(0, 6, 160, 96)
    bitstream = f"h264_metadata=display_orientation=insert:{orientation}"
    path = write_parts(tmp_path / "clip.ts", [Part(plain), Part(plain, bitstream=bitstream)], "libx264")
    got, info, _ = read_all(path)
    assert np.abs(got[2].astype(int) - plain[2]).mean() < 4
    shown = undone(plain[2])
    for index in range(6, 12):
        assert got[index].shape == shown.shape
    assert np.abs(got[8].astype(int) - shown).mean() < 4
    assert info.rotation == 0


# ---- pixels that are not square ----


@pytest.mark.parametrize(
    ("suffix", "codec", "aspect", "size"),
    [
        ("ts", "mpeg2video", Fraction(4, 5), (160, 120)),  # that of the picture is 4:3, which is what MPEG-2 notes
        ("mpg", "mpeg2video", Fraction(4, 5), (160, 120)),
        ("ts", "libx264", Fraction(64, 45), (228, 96)),
        ("mp4", "libx264", Fraction(4, 3), (213, 96)),
        ("mkv", "libx264", Fraction(64, 45), (228, 96)),
        ("mp4", "libvpx-vp9", Fraction(4, 3), (213, 96)),  # of the container alone
        ("avi", "mpeg4", Fraction(12, 11), (175, 96)),
        ("mp4", "libx264", Fraction(1, 2), (160, 192)),
        ("mp4", "libx264", Fraction(1280, 1281), (160, 96)),  # of rounding
        ("mp4", "libx264", Fraction(1, 100), (160, 96)),  # of damage
        ("mp4", "libx264", Fraction(10_000), (160, 96)),
    ],
)
def test_pixels_are_made_square_and_none_is_lost(tmp_path, suffix, codec, aspect, size):
    path = write_parts(tmp_path / f"clip.{suffix}", [Part(numbered(0, 6, 160, 96), aspect)], codec)
    got, info, failed = read_all(path)
    assert failed == {}
    assert {rgb.shape[1::-1] for rgb in got.values()} == {size}
    assert [read_number(got[index]) for index in range(6)] == list(range(6))
    assert (info.width, info.height) == size
    assert bool(info.notes) == (size != (160, 96))


def test_pixels_that_are_not_square_lie_as_they_are_stored(tmp_path):
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=25, options={"crf": "16", "x264-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 96, 160, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(1, 2)  # high, and so wide once turned
        stream.set_display_matrix([0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30])
        stored = np.ascontiguousarray(np.rot90(numbered_frame(5)))
        sink.mux(stream.encode(av.VideoFrame.from_ndarray(stored, format="rgb24")))
        sink.mux(stream.encode())
    got, info, _ = read_all(path)
    assert (info.width, info.height, info.rotation) == (320, 96, 90)
    assert read_number(got[0]) == 5


@pytest.mark.parametrize(("suffix", "codec"), [("ts", "libx264"), ("mkv", "libx264"), ("ts", "libx265")])
def test_the_shape_of_pixels_may_change_midway(tmp_path, suffix, codec):
    aspects = [Fraction(16, 15), Fraction(64, 45), Fraction(1)]
    parts = [Part(numbered(8 * place, 8, 160, 96), aspect) for place, aspect in enumerate(aspects)]
    path = write_parts(tmp_path / f"clip.{suffix}", parts, codec)
    got, _, _ = read_all(path)
    assert [got[index].shape[1] for index in range(24)] == [171] * 8 + [228] * 8 + [160] * 8
    check_random_access(path, got)


def test_the_limit_on_pixels_holds_once_they_are_square(tmp_path):
    path = write_parts(tmp_path / "clip.mp4", [Part(numbered(0, 2, 160, 96), Fraction(2))], "libx264")
    with pytest.raises(FacefakeError) as caught:
        open_video(path, limits=Limits(pixels=160 * 96))
    assert caught.value.code == "too_large"
    assert probe(path, Limits(pixels=320 * 96)).width == 320
    parts = [Part(numbered(0, 6, 160, 96), Fraction(1)), Part(numbered(6, 6, 160, 96), Fraction(2))]
    _, _, failed = read_all(write_parts(tmp_path / "clip.ts", parts, "libx264"), limits=Limits(pixels=160 * 96))
    assert sorted(failed) == list(range(6, 12))
    assert "320x96 pixels" in failed[6]


# ---- interlaced ----


PORTRAIT = astronaut()[:160, 100:340]


def scene(time):
    """The portrait moving sideways; 16 pixels from frame to frame."""
    return np.ascontiguousarray(np.roll(PORTRAIT, 8 * time, axis=1))


def woven(number):
    """A frame whose second field was taken later."""
    frame = scene(2 * number)
    frame[1::2] = scene(2 * number + 1)[1::2]
    return frame


def psnr(one, other):
    return 10 * np.log10(255**2 / np.square(one.astype(float) - other).mean())


INTERLACED_X264 = {"x264-params": "tff=1:log-level=none"}


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        ("ts", "mpeg2video", {"bf": "2"}),
        ("mpg", "mpeg2video", {"bf": "2"}),
        ("ts", "libx264", INTERLACED_X264),
        ("mp4", "libx264", INTERLACED_X264),
        ("mov", "prores", {}),
    ],
)
def test_interlaced_frames_are_deinterlaced_the_same_wherever_reading_begins(tmp_path, suffix, codec, options):
    part = Part([woven(number) for number in range(14)], None, options, INTERLACED)
    pixels = "yuv422p10le" if codec == "prores" else "yuv420p"
    path = write_parts(tmp_path / f"clip.{suffix}", [part], codec, pixel_format=pixels)
    got, info, failed = read_all(path)
    assert (len(got), failed) == (14, {})
    assert info.notes == ("Interlaced frames were deinterlaced.",)
    for number, rgb in got.items():
        assert psnr(rgb, scene(2 * number)) > psnr(woven(number), scene(2 * number)) + 6, number
    check_random_access(path, got)


def test_a_clip_may_be_interlaced_in_part(tmp_path):
    parts = [
        Part([scene(2 * number) for number in range(8)]),
        Part([woven(number) for number in range(8, 16)], None, INTERLACED_X264, INTERLACED),
    ]
    path = write_parts(tmp_path / "clip.ts", parts, "libx264")
    got, _, _ = read_all(path)
    assert [psnr(got[number], scene(2 * number)) > 24 for number in range(16)] == [True] * 16
    check_random_access(path, got)


@pytest.mark.parametrize(("codec", "options"), [("mpeg2video", {}), ("libx264", INTERLACED_X264)])
def test_what_is_only_flagged_as_interlaced_keeps_its_pixels(tmp_path, codec, options):
    part = Part([scene(2 * number) for number in range(8)], None, options, INTERLACED)
    path = write_parts(tmp_path / "clip.ts", [part], codec)
    got, info, _ = read_all(path)
    assert info.notes == ()
    assert min(psnr(rgb, scene(2 * number)) for number, rgb in got.items()) > 27


# ---- HDR ----


def hdr_of(sdr, transfer):
    """The signal of that transfer for a picture whose white is 203 cd/m2: uint16 R'G'B' of BT.2020."""
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    light = 203 * (sdr / 255) ** 2.4 @ to_2020.T
    if transfer == PQ:
        power = (light / 10_000) ** (2610 / 16384)
        code = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    else:
        luminance = light @ [0.2627, 0.6780, 0.0593] / 1000
        scene_light = light / 1000 * (luminance.clip(1e-9) ** (1 / 1.2 - 1))[..., None]
        logarithmic = 0.17883277 * np.log((12 * scene_light - 0.28466892).clip(1e-9)) + 0.55991073
        code = np.where(scene_light <= 1 / 12, np.sqrt(3 * scene_light), logarithmic)
    return (code.clip(0, 1) * 65535).round().astype(np.uint16)


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "libx265"), ("mkv", "libx265"), ("mp4", "libx264")])
@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_is_tone_mapped(tmp_path, suffix, codec, transfer):
    sdr = numbered_frame(5) * 0.65  # below the knee, where nothing is to change
    path = tmp_path / f"clip.{suffix}"
    with av.open(str(path), "w") as sink:
        options = {"crf": "8", "x264-params": "log-level=none", "x265-params": "log-level=none"}
        stream = sink.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = transfer, 9, 9, 1
        frame = av.VideoFrame.from_ndarray(hdr_of(sdr, transfer), format="rgb48le")
        sink.mux(stream.encode(frame.reformat(format="yuv420p10le", dst_colorspace=9, dst_color_range=1)))
        sink.mux(stream.encode())
    got, info, _ = read_all(path)
    for x in (20, 60, 100, 140):  # red, green, blue and grey
        assert np.abs(got[0][24, x] - sdr[24, x]).max() <= 8
    assert info.notes == (f"HDR ({'PQ' if transfer == PQ else 'HLG'}) was tone-mapped to SDR.",)


# ---- ordinary clips ----


@pytest.mark.parametrize(
    ("suffix", "arguments"),
    [
        ("mp4", {}),
        ("mkv", {"codec": "libx265", "pixel_format": "yuv420p10le"}),
        ("mp4", {"rotation": 90}),
        ("avi", {"codec": "mjpeg"}),
        ("webm", {"codec": "libvpx-vp9"}),
        ("mpg", {"codec": "mpeg2video"}),
    ],
)
def test_ordinary_frames_are_as_the_decoder_gives_them_to_the_last_digit(tmp_path, suffix, arguments):
    path = write_video(tmp_path / f"clip.{suffix}", 12, **arguments)
    got, info, _ = read_all(path)
    with av.open(str(path)) as source:
        plain = [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]
    for index, rgb in got.items():
        assert np.array_equal(rgb, np.rot90(plain[index], k=-arguments.get("rotation", 0) // 90))
    assert info.notes == ()


# ---- decord ----


@pytest.mark.parametrize("what", ["size", "mirrored", "aspect", "interlaced", "hdr"])
def test_decord_refuses_what_it_would_show_otherwise(tmp_path, what):
    pytest.importorskip("decord")
    frames = numbered(0, 6, 160, 96)
    path = tmp_path / "clip.mp4"
    if what == "mirrored":
        write_video(path, 6, mirrored=True)
    else:
        other = {
            "size": Part(numbered(6, 6, 320, 192)),
            "aspect": Part(frames, Fraction(4, 3)),
            "interlaced": Part([woven(number) for number in range(6)], None, INTERLACED_X264, INTERLACED),
            "hdr": Part(frames, None, {"x264-params": "transfer=smpte2084:log-level=none"}),
        }[what]
        write_parts(path, [Part(frames), other] if what == "size" else [other], "libx264")
    with pytest.raises(FacefakeError) as caught:
        open_video(path, backend="decord")
    assert (caught.value.code, caught.value.hint) == ("unreadable", "Use the pyav backend.")
    with open_video(path, backend="auto") as reader:
        assert reader.backend.startswith("pyav")

"""Deinterlacing by FFmpeg's bwdif: one frame for each, made of the frame and its two neighbours alone.

So the outcome does not depend on where decoding began, which it would if frames were run through one long filter graph.
"""

from __future__ import annotations

import av


def deinterlace(
    before: av.VideoFrame | None, frame: av.VideoFrame, after: av.VideoFrame | None
) -> tuple[av.VideoFrame, bool]:
    """The first field of a frame with its missing lines filled in.

    Much that is flagged as interlaced was shot progressively. FFmpeg's idet detects frames without combing, and they
    keep their pixels; only the flag is removed, because conversion to RGB separates the fields of flagged frames.

    Args:
        before: The frame shown before it, ``None`` at the start of the clip.
        frame: A frame flagged as interlaced.
        after: The frame shown after it, ``None`` at the end.

    Returns:
        A frame that is not flagged, and whether its pixels are others.

    Raises:
        av.error.FFmpegError: For a picture that the filters do not take.
    """
    three = [each for each in (before, frame, after) if each is not None and _alike(each, frame)]
    # bwdif keeps the metadata that idet adds
    outputs = _run(three, ("idet", None), ("bwdif", "mode=send_frame:parity=auto:deint=all:threads=1"))
    filtered = outputs[three.index(frame)]
    if filtered.metadata.get("lavfi.idet.single.current_frame") == "progressive":
        return _run([frame], ("setfield", "mode=prog"))[0], False
    return filtered, True


def _alike(other: av.VideoFrame, frame: av.VideoFrame) -> bool:
    return (other.width, other.height, other.format.name) == (frame.width, frame.height, frame.format.name)


def _run(frames: list[av.VideoFrame], *filters: tuple[str, str | None]) -> list[av.VideoFrame]:
    """What comes out of a chain of filters; as many frames as go in."""
    first = frames[0]
    graph = av.filter.Graph()
    chain = [
        graph.add(
            "buffer",
            video_size=f"{first.width}x{first.height}",
            pix_fmt=first.format.name,
            time_base="1/1",
            pixel_aspect="1/1",
        ),
        *(graph.add(name, options) for name, options in filters),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*chain).configure()
    for frame in (*frames, None):
        chain[0].push(frame)
    return [chain[-1].pull() for _ in frames]

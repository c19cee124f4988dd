"""Work for child processes in tests of `preprocessing.workers`; children import it by name."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.faces import CropGeometry
from preprocessing.recipe import Recipe
from preprocessing.video import Sampling, open_video
from tests.clips import read_number


class UnpicklableError(Exception):
    """An exception that cannot be rebuilt from its arguments on the other side."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


def read_all(path: Path) -> tuple[list[tuple[float, int]], list[int]]:
    """Decode a whole clip: time of each frame delivered with the number painted in it, and the indices that failed."""
    with open_video(path) as reader:
        frames = [
            (round(float(time), 3), read_number(picture))
            for part in reader.read(range(len(reader)))
            for time, picture in zip(part.time, part.rgb, strict=True)
        ]
        assert len(frames) + len(reader.failed) == len(reader), "a frame is missing without a word"
        return frames, sorted(reader.failed)


def seen_whole(clip: Clip) -> list[tuple[int, ...]]:
    """The shapes of what is seen of a picture that is taken whole."""
    recipe = Recipe.of_pictures(CropGeometry("resize-crop", 1, 64), Sampling("uniform", 4))
    return [face.image.shape for face in extract_clip(clip, recipe).faces]


def work(item: object) -> object:
    """Do what the item says."""
    match item:
        case "pid":
            return os.getpid()
        case "threads":
            return os.environ.get("OMP_NUM_THREADS")
        case "hang":
            # in native code, holding the GIL and deaf to signals, as a spinning decoder is
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            ctypes.PyDLL(None).sleep(600)
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "leave":
            sys.exit("no reason")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "bad clip":
            raise FacefakeError("no_video_stream", "only sound", "Is it a song?")
        case "fault":
            raise ZeroDivisionError("no such number")
        case "unpicklable error":
            raise UnpicklableError("a", "b")
        case ("end of the job", parent):
            # a signal to every process reaches this one first
            subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -TERM {parent}"])
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        case ("sleep", seconds):
            time.sleep(float(seconds))
        case ("write pid and hang", path):
            Path(path).write_text(str(os.getpid()))
            ctypes.PyDLL(None).sleep(600)
    return item

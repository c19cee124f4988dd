"""An extraction that is ended early leaves a store that can be read, and goes on."""

import pytest

from preprocessing.datasets import get_reader
from preprocessing.recipe import Recipe
from preprocessing.run import extract_clips
from preprocessing.store import FaceStore


def test_an_interrupted_extraction_leaves_a_store_of_what_is_done(tmp_path):
    (tmp_path / "videos").mkdir()
    for number in range(3):
        (tmp_path / "videos" / f"{number}.mp4").write_bytes(b"no video")
    clips = get_reader("folder").read(tmp_path / "videos").clips
    store = FaceStore.open_or_create(tmp_path / "store", Recipe())
    done = []

    def interrupt(row):
        done.append(row["clip"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_clips(clips, store, Recipe(), on_clip=interrupt)
    names = store.clips().column("clip").to_pylist()
    assert set(done) <= set(names)
    assert len(store.manifest()) == 0
    assert not (tmp_path / "store" / ".making").exists()
    summary = extract_clips(clips, store, Recipe())
    assert summary.skipped == len(names)
    assert summary.done == 3 - len(names)

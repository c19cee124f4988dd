import io
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from preprocessing.clip import Clip
from preprocessing.releases import shortcuts as module
from preprocessing.releases.headers import Header
from preprocessing.releases.shortcuts import shortcuts

NUMBERS = count()


def encoded(kind: str = "JPEG", size=(32, 24), **options) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, 99).save(buffer, kind, **options)
    return buffer.getvalue()


def picture(folder: Path, label: int | None, kind="JPEG", size=(32, 24), method=None, dataset="toy", **options) -> Clip:
    """A clip whose file is written; no two are called alike."""
    method = method or ("fake" if label else "real")
    path = folder / f"{next(NUMBERS)}.img"
    path.write_bytes(encoded(kind, size, **options))
    return Clip(path, f"{method}/{path.name}", dataset, method, label, "train", None, path.stem)


def sizes(n: int, seed: int = 0) -> list[tuple[int, int]]:
    """Sizes that come by chance, some of them square."""
    rng = np.random.default_rng(seed)
    drawn = [(int(rng.integers(16, 99)), int(rng.integers(16, 99))) for _ in range(n)]
    return [(width, width) if index % 3 == 0 else (width, height) for index, (width, height) in enumerate(drawn)]


def facts(found):
    return [(each.kind, each.rule, round(each.fake, 2), round(each.real, 2), each.method) for each in found]


def test_a_format_that_tells_the_label_is_said_with_its_shares(tmp_path):
    drawn = iter(sizes(100))
    reals = [picture(tmp_path, 0, "PNG" if n == 0 else "JPEG", next(drawn)) for n in range(50)]
    fakes = [picture(tmp_path, 1, "JPEG" if n < 5 else "PNG", next(drawn)) for n in range(50)]
    [found] = shortcuts(reals + fakes)
    assert facts([found]) == [("file format", "are PNG", 0.9, 0.02, None)]
    assert found.accuracy == pytest.approx(0.94)
    assert found.sentence == (
        "file format alone is right in 94 % (chance: 50 %): 90 % of 50 fakes are PNG, and 2 % of 50 reals"
    )
    assert found.to_dict()["sentence"] == found.sentence


def test_one_size_of_all_fakes_is_said(tmp_path):
    drawn = [(side, side) for side in range(16, 56)]
    clips = [picture(tmp_path, 0, size=size) for size in drawn] + [picture(tmp_path, 1, size=(33, 33))] * 1
    clips += [picture(tmp_path, 1, size=(33, 33)) for _ in range(39)]
    [found] = shortcuts(clips)
    assert facts([found]) == [("picture size", "are 33 x 33 pixels", 1.0, 0.03, None)]


def test_square_fakes_of_many_sizes_are_said(tmp_path):
    clips = [picture(tmp_path, 1, size=(side, side)) for side in range(20, 60)]
    clips += [picture(tmp_path, 0, size=(side, side + 9)) for side in range(20, 60)]
    assert facts(shortcuts(clips)) == [("picture size", "are square", 1.0, 0.0, None)]


def test_larger_reals_are_said(tmp_path):
    clips = [picture(tmp_path, 1, size=(side, 70)) for side in range(20, 50)]
    clips += [picture(tmp_path, 0, size=(side, 70)) for side in range(45, 70)]
    [(kind, rule, fake, real, _)] = facts(shortcuts(clips))
    assert (kind, rule) == ("picture size", "have a shorter side of 44 pixels or less")
    assert fake > 0.8
    assert real == 0


def test_jpeg_quality_and_how_colours_are_sampled_are_said_of_jpeg(tmp_path):
    rng = np.random.default_rng(0)
    kinds = {1: (60, 80), 0: (88, 100)}
    clips = [picture(tmp_path, label, quality=int(rng.integers(*kinds[label]))) for label in (0, 1) for _ in range(30)]
    [found] = shortcuts(clips)
    assert (found.kind, found.among, found.fake, found.real) == ("JPEG compression", "JPEG ", 1, 0)
    assert "JPEG fakes have a quality of 79 or less, and 0 % of 30 JPEG reals" in found.sentence
    clips = [picture(tmp_path, label, subsampling=2 * label) for label in (0, 1) for _ in range(30)]
    assert facts(shortcuts(clips)) == [("JPEG compression", "have colours sampled 4:2:0", 1, 0, None)]


def test_of_a_few_jpeg_among_png_nothing_is_said_but_their_format(tmp_path):
    fakes = [picture(tmp_path, 1, "PNG") for _ in range(200)] + [picture(tmp_path, 1, quality=30) for _ in range(12)]
    assert [each.kind for each in shortcuts(fakes + [picture(tmp_path, 0, quality=95) for _ in range(200)])] == [
        "file format"
    ]


def test_a_generator_that_the_pool_hides_is_named(tmp_path):
    reals = [picture(tmp_path, 0) for _ in range(120)]
    fakes = [picture(tmp_path, 1, method=f"gan{n % 5}") for n in range(100)]
    odd = [picture(tmp_path, 1, "PNG", method=name) for name in ("dalle3", "flux") for _ in range(20)]
    [found] = shortcuts(reals + fakes + odd)
    assert facts([found]) == [("file format", "are PNG", 1.0, 0.0, "dalle3")]
    assert found.others == ("flux",)
    assert found.sentence.endswith(
        "100 % of 20 fakes of dalle3 are PNG, and 0 % of 120 reals; so it is for 1 more generator, flux say"
    )


def test_a_generator_is_not_named_again_for_what_is_said_of_all(tmp_path):
    reals = [picture(tmp_path, 0) for _ in range(40)]
    fakes = [picture(tmp_path, 1, "PNG", method=f"gan{n % 2}") for n in range(40)]
    assert facts(shortcuts(reals + fakes)) == [("file format", "are PNG", 1.0, 0.0, None)]


def test_a_generator_is_measured_against_its_own_reals(tmp_path):
    """Two lists, each alike in itself: against the reals of both the format would tell, and here it does not."""

    def listed(name, kind, dataset):
        methods = {0: f"{name}/real", 1: f"{name}/sd"}
        return [
            picture(tmp_path, label, kind, (32, 24), methods[label], dataset) for label in (0, 1) for _ in range(80)
        ]

    assert shortcuts(listed("one", "PNG", "gripunina") + listed("two", "JPEG", "gripunina")) == []
    [found] = shortcuts(listed("one", "PNG", "toy") + listed("two", "JPEG", "toy"))
    assert facts([found]) == [("file format", "are PNG", 1.0, 0.5, "one/sd")]


@pytest.mark.parametrize("n", [1, 3, 9])
def test_of_a_handful_nothing_is_said(tmp_path, n):
    clips = [picture(tmp_path, label, "PNG" if label else "JPEG") for label in (0, 1) for _ in range(n)]
    assert shortcuts(clips) == []


def test_of_ten_each_only_what_is_certain_is_said(tmp_path):
    clips = [picture(tmp_path, label, "PNG" if label else "JPEG") for label in (0, 1) for _ in range(10)]
    assert len(shortcuts(clips)) == 1
    clips[:2], clips[-2:] = clips[-2:], clips[:2]
    swapped = [replace(clip, label=int(place >= 10)) for place, clip in enumerate(clips)]
    assert shortcuts(swapped) == []  # 8 of 10 may be chance


def test_one_label_alone_unlabelled_pictures_and_videos_say_nothing(tmp_path):
    fakes = [picture(tmp_path, 1, "PNG") for _ in range(20)]
    unlabelled = [picture(tmp_path, None, method="unlabelled") for _ in range(20)]
    (tmp_path / "text.jpg").write_text("no picture")
    broken = [replace(clip, path=tmp_path / "text.jpg", label=0, key=f"b{n}") for n, clip in enumerate(fakes)]
    assert shortcuts(fakes + unlabelled + broken) == []
    assert shortcuts([]) == []


def seen_by_chance(n: int, generators: int, rng: np.random.Generator):
    """Headers that have nothing to do with labels."""
    for index in range(2 * n):
        width, height = rng.choice([256, 512, *rng.integers(100, 2000, 2)], 2)
        header = Header(
            str(rng.choice(["PNG", "JPEG", "WEBP"], p=[0.2, 0.7, 0.1])),
            (int(width), int(height)),
            int(rng.integers(50, 100)),
            str(rng.choice(["4:4:4", "4:2:0"])),
        )
        label = index % 2
        method = f"gan{rng.integers(generators)}" if label else "real"
        yield Clip(Path("x"), f"{method}/{index}", "toy", method, label, None, None, "x"), header


@pytest.mark.parametrize(("n", "generators"), [(10, 1), (12, 1), (20, 2), (60, 5), (300, 20)])
def test_chance_is_not_taken_for_a_shortcut(n, generators, monkeypatch):
    rng = np.random.default_rng(n)
    for _ in range(40):
        seen = list(seen_by_chance(n, generators, rng))
        monkeypatch.setattr(module, "_headers", lambda clips, seen=seen: seen)
        assert shortcuts([]) == []


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), min_size=20, max_size=60), st.randoms())
def test_the_order_of_clips_does_not_matter(drawn, random):
    headers = {}
    for index, (fake, side) in enumerate(drawn):
        clip = Clip(Path("x"), str(index), "toy", "m", int(fake), None, None, "x")
        headers[clip] = Header("PNG", (side, side))
    shuffled = list(headers)
    random.shuffle(shuffled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_header", headers.get)
        assert shortcuts(shuffled) == shortcuts(headers)


def test_the_sample_is_bounded_and_takes_from_every_folder(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(module, "_header", lambda clip: read.append(clip))
    clips = [
        Clip(Path("x"), f"{folder}/{n}", "toy", "m", label, None, None, "x")
        for label, folder, size in ((0, "a", 1000), (0, "b", 3), (1, "c", 1000), (1, "d", 1000))
        for n in range(size)
    ]
    shortcuts(clips, sample=20)
    counts = {folder: sum(clip.key.startswith(folder) for clip in read) for folder in "abcd"}
    assert counts == {"a": 17, "b": 3, "c": 10, "d": 10}
    again = list(read)
    read.clear()
    shortcuts(clips[::-1], sample=20)
    assert set(read) == set(again)


def test_rows_of_parquet_files_are_looked_at_and_few_files_are_opened(tmp_path, monkeypatch):
    clips = []
    for number in range(12):
        path = tmp_path / f"{number}.parquet"
        kinds = ["PNG", "JPEG"] * 5
        pyarrow.parquet.write_table(pyarrow.table({"image_data": [encoded(kind) for kind in kinds]}), path)
        clips += [
            Clip(path, f"{path.name}/{row}", "toy", kind, int(kind == "PNG"), None, None, str(row), member=str(row))
            for row, kind in enumerate(kinds)
        ]
    opened = set()
    inner = module._header
    monkeypatch.setattr(module, "_header", lambda clip: opened.add(clip.path) or inner(clip))
    [found] = shortcuts(clips)
    assert facts([found]) == [("file format", "are PNG", 1.0, 0.0, None)]
    assert (found.fakes, found.reals, len(opened)) == (40, 40, 8)


@pytest.mark.data
def test_the_pictures_to_build_against_have_a_shortcut_in_their_size(test_data):
    clips = [
        Clip(path, f"{folder}/{path.name}", "toy", path.stem.split("_")[0] if label else "real", label, None, None, "x")
        for label, folder in enumerate(("real", "fake"))
        for path in sorted((test_data / "images" / folder).iterdir())
    ]
    [found] = shortcuts(clips)
    assert facts([found]) == [("picture size", "are 559 x 559 pixels", 1.0, 0.0, None)]
    assert found.accuracy == 1
    assert (found.fakes, found.reals) == (50, 15)

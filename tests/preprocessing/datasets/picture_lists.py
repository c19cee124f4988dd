"""Miniatures of sets of pictures that go by lists or tables; the files are empty, but for those of a Parquet table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from tests.crops import png
from tests.preprocessing.datasets.trees import touch


def fill(root: Path) -> Path:
    """Turn every empty file that is called a picture into one: PNG, whatever its name, the fakes of no other kind."""
    for seed, path in enumerate(sorted(path for path in root.rglob("*") if path.suffix in (".png", ".jpg"))):
        path.write_bytes(png(seed))
    return root


def write_csv(path: Path, rows: Iterable[str], head: str = "filename,typ") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((head, *rows)) + "\n")
    return path


def write_json(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], group: int = 2) -> Path:
    """A Parquet file of Community Forensics' columns, with a few rows a row group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.Table.from_pylist([dict(row) for row in rows])
    pyarrow.parquet.write_table(table, path, row_group_size=group)
    return path


def row(label: Any, source: str, split: str = "train", seed: int = 0, **more: Any) -> dict[str, Any]:
    """A row of Community Forensics; ``source`` is the generator of a fake and where a real picture is from."""
    facts = {"model_name": source if label == 1 else "", "real_source": "LAION" if label == 1 else source}
    picture = {"image_name": f"{seed:08d}.png", "format": "PNG", "resolution": [48, 48], "mode": "RGB"}
    return {
        **picture,
        "image_data": png(seed, label == 1),
        **facts,
        "subset": "Systematic",
        "split": split,
        "label": label,
        **more,
    }


def communityforensics(root: Path) -> Path:
    """Two tables of the full set and one folder of reals from elsewhere."""
    fakes = [row(1, name, seed=seed) for seed, name in enumerate(("a/sd", "a/sd", "b/gan"))]
    write_table(root / "data/systematic/train-00000-of-00001.parquet", fakes)
    pairs = [row(1, "dalle3", "test", 3), row(0, "COCO", "train", 4), row(0, "FFHQ", "test", 5)]
    write_table(root / "data/publicEval/eval-00000-of-00001.parquet", pairs)
    (root / "data/metadata").mkdir()
    (root / "data/metadata/systematic.csv").write_text("model_name\na/sd\n")
    return touch(root, "LAION/real/img/1.jpg", "LAION/real/2.png", "flux/fake/1.png", "flux/real/1.png")


def gripunina(root: Path) -> Path:
    """Both published lists, of which one picture was not downloaded, and a table of scores."""
    names = {"dalle2": "dalle2", "dalle3": "dalle3", "real_RAISE_1k": "real"}
    rows = [f"synthbuster/{folder}/r{number}t.png,{kind}" for folder, kind in names.items() for number in (1, 2)]
    write_csv(root / "commercial_tools.csv", rows)
    write_csv(root / "out.csv", ["synthbuster/dalle2/r1t.png,0.5"], "filename,fusion")
    kinds = ("dalle3", "midjourney_v5", "real")
    wild = [f"https://x.example/{kind}?name=large,{kind}/A.jpg,{kind}" for kind in kinds]
    write_csv(root / "synthwildx/list.csv", wild, "url,filename,typ")
    return touch(root, *(row.split(",")[0] for row in rows), "synthwildx/dalle3/A.jpg", "synthwildx/real/A.jpg")


def forensichub(root: Path, there: str = "/mnt/data3/public_datasets/AIGC/GenImage") -> Path:
    """Two lists with paths of another machine, one with paths of its own folder, and a JSON file that is no list."""
    for split, numbers in (("train", (1, 2)), ("val", (3,))):
        listed = [
            {"path": f"{there}/ADM/{split}/{folder}/{number}.png", "label": label}
            for folder, label in (("nature", 0), ("ai", 1))
            for number in numbers
        ]
        write_json(root / f"ADM_{split}.json", listed)
    touch(root, *(f"ADM/train/{kind}/{number}.png" for kind in ("nature", "ai") for number in (1, 2)))
    touch(root, "ADM/val/ai/3.png")
    write_json(root / "dire/test.json", [{"path": "a/1.png", "label": 1}, {"path": "./b/1.png", "label": 0.0}])
    touch(root, "dire/a/1.png", "dire/b/1.png")
    write_json(root / "meta.json", {"name": "GenImage"})
    return root


def drct(root: Path) -> Path:
    """Two models, COCO, and reconstructions of both."""
    return touch(
        root,
        *(f"MSCOCO/{part}2017/{number:012d}.jpg" for part, number in (("train", 9), ("train", 25), ("val", 139))),
        *(f"DRCT-2M/{model}/train2017/000000000009.png" for model in ("sdxl-turbo", "stable-diffusion-v1-4")),
        "DRCT-2M/sdxl-turbo/val2017/000000000139.png",
        "DR/MSCOCO/full_inpainting/train2017/000000000009.png",
        "DR/DRCT-2M/stable-diffusion-v1-4/full_inpainting/train2017/000000000009.png",
    )

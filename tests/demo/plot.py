"""Draws the picture of the demo's figures from what ``run.py --json docs/_static/demo.json`` wrote.

``python tests/demo/plot.py`` writes ``docs/_static/demo.svg``. It needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "benchmarks"))

from plotting import FAST, SLOW, USED, bars, beside_bar, new_figure, places, save

STATIC = HERE.parents[1] / "docs" / "_static"

#: Way -> what it is called in the picture, and its colour.
WAYS = {
    "none": ("no cache", SLOW),
    "cold": ("cold", SLOW),
    "warm": ("warm: list all", FAST),
    "one": ("warm, then use {one}", USED),
    "all": ("warm, then use all", USED),
}
SUBJECTS = {
    "pygments": ("Pygments: {plugins} lexers in one registry", "one"),
    "microlab": ("A laboratory's program: {plugins} plugins in five registries", "one of each"),
}


def draw(figures: dict[str, Any], path: Path) -> None:
    """Draw one panel for each subject, and write the picture."""
    figure, axes = new_figure(8.4, [2.3, 2.45])
    for axis, name in zip(axes, SUBJECTS, strict=True):
        draw_subject(axis, name, figures["subjects"][name])
    axes[-1].set_xlabel(
        "ms in a fresh process, from the first import of the application to the answer;\n"
        "the pale part: until its registries are declared",
        loc="left",
        linespacing=1.5,
    )
    save(figure, path)


def draw_subject(axis: Any, name: str, subject: dict[str, Any]) -> None:
    """Draw the five ways to ask as bars, each with its time and its imports beside it."""
    title, one = SUBJECTS[name]
    ways = [subject["ways"][way] for way in WAYS]
    labels = [label.format(one=one) for label, _ in WAYS.values()]
    parts = [(way["declaring"], way["listing or loading"]) for way in ways]
    bars(axis, labels, parts, [colour for _, colour in WAYS.values()])
    axis.set_title(title.format(plugins=subject["plugins"]))
    axis.set_xlim(0, 1.8 * max(map(sum, parts)))
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    for place, way in zip(places(labels), ways, strict=True):
        beside_bar(axis, way["in process"], place, *describe(way, subject["times faster"]))


def describe(way: dict[str, Any], faster: dict[str, float]) -> tuple[str, str]:
    """What stands beside a bar: the time in bold, and what it was spent on."""
    milliseconds = way["in process"]
    count = way["modules imported"]
    imports = f"{count or 'no'} plugin module{'' if count == 1 else 's'} imported"
    if not count:
        whole, listing = faster["declare + list"], faster["list"]
        imports += f"; {whole:.0f}x faster than cold, the listing alone {listing:.0f}x"
    return f"{milliseconds:.{0 if milliseconds >= 100 else 1}f} ms", imports


def main() -> None:
    """Read the figures, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, default=STATIC / "demo.json", metavar="FILE")
    parser.add_argument("--out", type=Path, default=STATIC / "demo.svg", metavar="FILE")
    arguments = parser.parse_args()
    draw(json.loads(arguments.figures.read_text(encoding="utf-8")), arguments.out)


if __name__ == "__main__":
    main()

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
FUNCTIONS = ("scikit-image: {plugins} functions that pass a trial, of {found}", "one")


def draw(figures: dict[str, Any], path: Path) -> None:
    """Draw one panel for each subject and one for functions, and write the picture."""
    figure, axes = new_figure(8.4, [2.3, 2.3, 2.1])
    for axis, name in zip(axes, SUBJECTS, strict=False):
        draw_subject(axis, *SUBJECTS[name], figures["subjects"][name], "plugin module")
    draw_subject(axes[-1], *FUNCTIONS, figures["functions"], "module")
    axes[-1].set_xlabel(
        "ms in a fresh process, from the first import of the application to the answer;\n"
        "the pale part: until its registries are declared",
        loc="left",
        linespacing=1.5,
    )
    save(figure, path)


def draw_subject(axis: Any, title: str, one: str, subject: dict[str, Any], module: str) -> None:
    """Draw the ways to ask as bars, each with its time and its imports beside it."""
    names = [way for way in WAYS if way in subject["ways"]]
    ways = [subject["ways"][way] for way in names]
    labels = [WAYS[way][0].format(one=one) for way in names]
    parts = [(way["declaring"], way["listing or loading"]) for way in ways]
    bars(axis, labels, parts, [WAYS[way][1] for way in names])
    found = subject["plugins"] + subject.get("rejected", 0)
    axis.set_title(title.format(plugins=subject["plugins"], found=found))
    axis.set_xlim(0, 1.8 * max(map(sum, parts)))
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    for place, way in zip(places(labels), ways, strict=True):
        beside_bar(axis, way["in process"], place, *describe(way, subject["times faster"], module))


def describe(way: dict[str, Any], faster: dict[str, float], module: str) -> tuple[str, str]:
    """What stands beside a bar: the time in bold, and what it was spent on."""
    milliseconds = way["in process"]
    count = way["modules imported"]
    imports = f"{count or 'no'} {module}{'' if count == 1 else 's'} imported"
    if not count:
        whole, listing = faster["declare + list"], faster["list"]
        imports += f"; {whole:,.0f}x faster than cold, the listing alone {listing:,.0f}x"
    return f"{milliseconds:,.{0 if milliseconds >= 100 else 1}f} ms", imports


def main() -> None:
    """Read the figures, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, default=STATIC / "demo.json", metavar="FILE")
    parser.add_argument("--out", type=Path, default=STATIC / "demo.svg", metavar="FILE")
    arguments = parser.parse_args()
    draw(json.loads(arguments.figures.read_text(encoding="utf-8")), arguments.out)


if __name__ == "__main__":
    main()

"""How pictures of figures look: light, and readable on a white and on a black page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot

#: Greys and colours in the middle: at least 3:1 against white and against GitHub's black.
INK, FAINT = "#768390", "#76839055"
SLOW, FAST, USED = "#8b949e", "#2da44e", "#3b82d0"

STYLE = {
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 10,
    "grid.color": FAINT,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # text stays text: a fifth of the size
    "svg.hashsalt": "regcache",  # the same picture is the same file
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def new_figure(width: float, heights: list[float]) -> tuple[Any, list[Any]]:
    """A figure of panels below each other, in this style; sizes in inches."""
    pyplot.rcParams.update(STYLE)
    figure, axes = pyplot.subplots(
        len(heights),
        1,
        figsize=(width, sum(heights)),
        gridspec_kw={"height_ratios": heights},
        layout="constrained",
        squeeze=False,
    )
    figure.get_layout_engine().set(hspace=0.08)
    return figure, [row[0] for row in axes]


def save(figure: Any, path: Path) -> None:
    """Write a picture; its ending says in which format."""
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(path, metadata=metadata, dpi=110)
    pyplot.close(figure)


def places(labels: Sequence[str]) -> range:
    """Where bars with these labels lie, the first on top."""
    return range(len(labels), 0, -1)


def bars(
    axis: Any, labels: list[str], parts: Sequence[tuple[float, float]], colours: list[str]
) -> None:
    """Horizontal bars of two parts each, the first part pale."""
    pale, full = zip(*parts, strict=True)
    axis.barh(places(labels), pale, color=colours, height=0.62, alpha=0.45)
    axis.barh(places(labels), full, left=pale, color=colours, height=0.62)
    axis.set_yticks(places(labels), labels)
    axis.tick_params(axis="both", length=0)
    axis.spines["left"].set_visible(False)


def beside_bar(axis: Any, end: float, place: float, bold: str, text: str) -> None:
    """Write beside the end of a bar."""
    near = {"textcoords": "offset points", "va": "center", "in_layout": False}
    shown = axis.annotate(bold, (end, place), (6, 0), weight="bold", **near)
    axis.annotate(text, (1, 0.5), (7, 0), xycoords=shown, size=9, **near)

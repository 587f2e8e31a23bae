"""Draws what the benchmark measured; ``run.py --plot FILE`` does it at the end of a run.

``python tests/benchmarks/plot.py RESULTS.json PICTURE.svg`` does it later. It needs matplotlib.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from plotting import FAINT, FAST, INK, SLOW, USED, new_figure, save

#: Ways to ask: name -> what it is called, and its colour.
WAYS = {
    "cold": ("cold: list", SLOW),
    "warm": ("warm: list", FAST),
    "one": ("warm: use one", USED),
    "all": ("warm: use all", "#a371f7"),
}
APPLICATION_WAYS = {"loop": ("loop by hand", "#bf8700"), **WAYS}


def draw(document: dict[str, Any], path: Path) -> None:
    """Draw three panels: peers, real applications, large packages."""
    figure, axes = new_figure(8.4, [5.4, 3.4, 2.9])
    cases = document["cases"]
    draw_systems(axes[0], list(document["systems"]), cases)
    draw_applications(axes[1], cases)
    draw_sizes(axes[2], cases)
    save(figure, path)


def draw_systems(axis: Any, systems: list[str], cases: dict[str, Any]) -> None:
    """Each system on the same 200 plugins."""
    names = {name: "fleet" if name == "regcache" else f"fleet {name}" for name in systems}
    draw_groups(axis, names, WAYS, cases)
    axis.set_title("200 plugins, each of which takes 5 ms to import")


def draw_applications(axis: Any, cases: dict[str, Any]) -> None:
    """Real applications and libraries, beside a loop by hand."""
    names = {"Pygments": "pygments", "microlab": "microlab", "200 functions": "toolbox"}
    draw_groups(axis, names, APPLICATION_WAYS, cases)
    axis.set_title(
        "602 lexers of Pygments; five registries of a laboratory's program;\n"
        "200 decorated functions in 40 modules"
    )
    axis.set_xlabel("ms in the process, declaring and listing or loading (logarithmic)")


def draw_groups(
    axis: Any, groups: dict[str, str], ways: dict[str, tuple[str, str]], cases: dict[str, Any]
) -> None:
    """Groups of horizontal bars with their values, on a logarithmic axis."""
    height = 0.8 / len(ways)
    for number, (way, (label, colour)) in enumerate(ways.items()):
        shown = [(n, cases.get(f"{prefix} {way}")) for n, prefix in enumerate(groups.values())]
        times = {n: case["medians"]["total"] for n, case in shown if case}
        places = [-n - (number - (len(ways) - 1) / 2) * height for n in times]
        drawn = axis.barh(places, list(times.values()), height * 0.9, color=colour, label=label)
        axis.bar_label(drawn, fmt=lambda x: f"{x:,.{0 if x >= 100 else 1}f}", padding=3, size=7.5)
    axis.set_yticks([-n for n in range(len(groups))], list(groups))
    axis.set_xscale("log")
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlim(0.5, 2.2 * axis.get_xlim()[1])
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)


def draw_sizes(axis: Any, cases: dict[str, Any]) -> None:
    """A warm listing beside one ``os.stat`` per file, from small to large packages."""
    large = {name: case for name, case in cases.items() if name.startswith("orchard")}
    files = [case["files"] for case in large.values()]
    listing = [case["medians"]["work"] for case in large.values()]
    stats = [case["stat"] / 1e6 for case in large.values()]
    axis.plot(files, listing, "o-", color=FAST, label="warm: list")
    axis.plot(files, stats, "o--", color=INK, label="os.stat of each file")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_title("Large packages")
    axis.set_xlabel("plugins")
    axis.set_ylabel("ms")
    axis.grid(color=FAINT)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))

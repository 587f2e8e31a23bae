"""Whole applications: cold, warm and after one edit, installed and as a checkout, beside a loop.

``hatch run applications`` prints a table; ``--against DIR`` measures another checkout of this
repository side by side. The answer of the loop and of regcache must have the same keys.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from venv import EnvBuilder

from measuring import SETTLED_S, child_environment
from rich.console import Console
from showing import new_table, progress_bar

HERE = Path(__file__).resolve().parent
REPOSITORY, PROGRAM = HERE.parents[1], HERE / "programs" / "package_classes.py"
RUNS, QUICK_RUNS = 15, 5
LAYOUTS = ("installed", "checkout")
HAND, OFF, COLD, EDITED, WARM = WAYS = ("by hand", "cache off", "cold", "after one edit", "warm")
#: The index by hand that warm starts are compared with: stamps and keys, by the standard library.
INDEX = "JSON index"
#: What a discovery may take longer than the loop by hand: a ratio, or ms if that is more.
MORE, MORE_MS = 1.12, 15.0

#: Distribution -> the plugin module to which a line is added, and PACKAGE=MODULE:BASE of each
#: registry. What others have written, but for ``chain``: 100 modules of 300 lines, seven plugins.
APPLICATIONS = {
    "docutils": (
        "docutils/writers/manpage.py",
        "docutils.parsers=docutils.parsers:Parser",
        "docutils.readers=docutils.readers:Reader",
        "docutils.transforms=docutils.transforms:Transform",
        "docutils.writers=docutils.writers:Writer",
    ),
    "fsspec": (
        "fsspec/implementations/memory.py",
        "fsspec.implementations=fsspec.spec:AbstractFileSystem",
    ),
    "pygments": (
        "pygments/lexers/python.py",
        "pygments.filters=pygments.filter:Filter",
        "pygments.formatters=pygments.formatter:Formatter",
        "pygments.lexers=pygments.lexer:Lexer",
        "pygments.styles=pygments.style:Style",
    ),
    "sqlglot": ("sqlglot/dialects/tsql.py", "sqlglot.dialects=sqlglot.dialects.dialect:Dialect"),
    "chain": ("chain/plugins/p3.py", "chain.plugins=chain.base:Base"),
}


def write_chain(folder: Path) -> None:
    """Write an application of ordinary size, the modules of which import each other in chains."""
    functions = "".join(
        f"def f{number}(a, b=1):\n    x = [a + b, a * {number}, (a, b)]\n"
        "    return {'k': x, 'n': len(x)}\n\n"
        for number in range(75)
    )
    modules = {
        f"lib/m{n}": f"from chain.lib import m{n - 1}\n" if n % 10 else "" for n in range(100)
    }
    files = {name: head + functions for name, head in modules.items()}
    files |= {"__init__": "", "lib/__init__": "", "plugins/__init__": ""}
    imports = "".join(f"import chain.lib.m{number}\n" for number in range(100))
    files["base"] = f"{imports}class Base:\n    pass\n"
    for number in range(7):
        files[f"plugins/p{number}"] = (
            "from chain.base import Base\nfrom chain.lib import m99\n"
            f"STATE = m99.f1(2)\nclass P{number}(Base):\n    pass\n"
        )
    for name, text in files.items():
        path = folder / "chain" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def put(name: str, folder: Path, *, installed: bool) -> None:
    """Copy an application into ``site-packages``, or into the folder of a checkout."""
    if name == "chain":
        write_chain(folder)
        metadata = folder / "chain-1.0.dist-info" / "METADATA"
        if installed:
            metadata.parent.mkdir()
            metadata.write_text("Metadata-Version: 2.1\nName: chain\nVersion: 1.0\n")
        return
    for file in distribution(name).files or ():
        is_metadata = file.parts[0].endswith(".dist-info")
        if file.suffix != ".pyc" and ".." not in file.parts and installed >= is_metadata:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), folder / file)


class Layout:
    """One application, installed or as a checkout, with an interpreter of its own.

    Args:
        name: The application.
        layout: One of ``LAYOUTS``.
        folder: An empty folder.
        trees: Name -> checkout of this repository.
    """

    def __init__(self, name: str, layout: str, folder: Path, trees: dict[str, Path]) -> None:
        self.edited, *self.targets = APPLICATIONS[name]
        self.folder, self.trees = folder, trees
        builder = EnvBuilder(symlinks=os.name != "nt")
        builder.create(folder / "venv")
        self.python = str(builder.ensure_directories(folder / "venv").env_exe)
        places = {each: str(folder / "venv") for each in ("base", "platbase")}
        site = Path(sysconfig.get_path("purelib", vars=places))
        (site / "more.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        self.place = site if layout == "installed" else folder / "checkout"
        self.place.mkdir(exist_ok=True)
        put(name, self.place, installed=layout == "installed")

    def run(self, way: str, tree: str, cache: Path) -> tuple[float, dict[str, list[str]]]:
        """Milliseconds with all imports, and keys, in a fresh process."""
        variables = {"REGCACHE_DISABLE": "1"} if way == OFF else {}
        packages = sorted(self.trees[tree].glob("packages/*/src"))
        path = os.pathsep.join(map(str, [self.place, *packages]))
        how = {HAND: "hand", INDEX: "index"}.get(way, "regcache")
        command = [self.python, "-I", str(PROGRAM), path, how, *self.targets]
        environment = child_environment(str(cache), variables)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        printed = ast.literal_eval(done.stdout)
        wanted = {COLD: "miss", EDITED: "miss", WARM: "hit"}.get(way)
        if wanted and wanted not in printed["status"]:
            raise SystemExit(f"{self.folder.name} {way}: {printed['status']}, not {wanted}")
        return (printed["declare"] + printed["work"]) / 1e6, printed["keys"]

    def cases(self) -> Iterator[tuple[str, str]]:
        """Ways, and the checkouts of this repository that they are measured with."""
        for way in (*WAYS, INDEX):
            for tree in self.trees:
                if way not in (HAND, INDEX) or not tree:
                    yield way, tree

    def prepare(self) -> None:
        """Write byte code, fill the caches from before the edit, then those from after it."""
        for way, tree in self.cases():
            self.run(HAND if way == HAND else OFF, tree, self.folder / "none")
        time.sleep(SETTLED_S)
        for folder in ("early", "caches"):
            for tree in self.trees:
                for way in (COLD, WARM):
                    self.run(way, tree, self.folder / f"{folder}{tree}")
            if folder == "early":
                with (self.place / self.edited).open("a", encoding="utf-8") as file:
                    file.write("# edited\n")
                self.run(HAND, "", self.folder / "none")
                time.sleep(SETTLED_S)
        self.run(INDEX, "", self.folder / "index")

    def measure(self, way: str, tree: str) -> tuple[float, dict[str, list[str]]]:
        """As ``run``, with the caches that belong to the way."""
        kept = {WARM: self.folder / f"caches{tree}", INDEX: self.folder / "index"}
        if way in kept:
            return self.run(way, tree, kept[way])
        with tempfile.TemporaryDirectory(prefix="regcache-") as folder:
            if way == EDITED:
                shutil.copytree(self.folder / f"early{tree}", folder, dirs_exist_ok=True)
            return self.run(way, tree, Path(folder))


def show(console: Console, name: str, times: dict[tuple[str, str], list[float]]) -> None:
    """Print what each way takes, and how much longer than the loop, within each round."""
    hand = times[HAND, ""]
    limit = max(MORE_MS, median(hand) * (MORE - 1))
    table = new_table(
        f"{name}: ms in process; cold at most {limit:.1f} more", "", ["ms", "more", "ratio"]
    )
    for (way, tree), values in times.items():
        more = median(a - b for a, b in zip(values, hand, strict=True))
        ratio = median(a / b for a, b in zip(values, hand, strict=True))
        table.add_row(f"{way} {tree}", f"{median(values):.1f}", f"{more:+.1f}", f"{ratio:.2f}x")
    console.print(table)
    for tree in {tree for _, tree in times}:
        pairs = zip(times[WARM, tree], times[INDEX, ""], strict=True)
        console.print(f"warm {tree} / {INDEX}: {median(a / b for a, b in pairs):.2f}x")


def main() -> None:
    """Measure all applications, one after the other, all ways of each interleaved."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout to measure")
    parser.add_argument("--only", action="append", choices=APPLICATIONS, help="this application")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} rounds, not {RUNS}")
    given = parser.parse_args()
    trees = {"": REPOSITORY} | ({"(before)": given.against.resolve()} if given.against else {})
    console, runs = Console(), QUICK_RUNS if given.quick else RUNS
    for name in given.only or APPLICATIONS:
        for layout in LAYOUTS:
            with (
                tempfile.TemporaryDirectory(prefix="regcache-") as temp,
                progress_bar(console, 40) as bar,
            ):
                task = bar.add_task(f"{name} {layout}", total=runs)
                one = Layout(name, layout, Path(temp), trees)
                one.prepare()
                cases = [*one.cases()]
                times: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
                keys = {str(sorted(one.measure(*case)[1].items())) for case in cases}
                if len(keys) != 1:
                    raise SystemExit(f"{name} {layout}: the answers differ")
                for number in range(runs):
                    for case in cases if number % 2 == 0 else reversed(cases):
                        times[case].append(one.measure(*case)[0])
                    bar.advance(task)
            show(console, f"{name} {layout}", times)


if __name__ == "__main__":
    main()

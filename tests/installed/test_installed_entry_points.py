"""`entry_points()` gives what `importlib.metadata` gives, without importing it."""

from __future__ import annotations

import errno
import gc
import importlib.metadata
import json
import os
import pickle
import random
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from environments import PIP, Environment
from hypothesis import example, given
from hypothesis import strategies as st
from throwaway import App, sealed

import regcache_core._cold.stamps
from regcache_core.discovery import EntryPoint, EntryPoints, entry_points, installed
from regcache_core.discovery._cold.entry_points import told_by
from regcache_core.errors import EntryPointGoneError

#: Questions that no value decides: these raise what the original raises.
PLAIN: list[dict[str, Any]] = [
    {"group": "g"},
    {"group": "ü"},
    {"name": "a"},
    {"group": "g", "name": "a"},
]
QUESTIONS: list[dict[str, Any]] = [
    *PLAIN,
    {"attr": None},
    {"extras": ["x", "y"]},
    {"module": "m.n"},
]
if sys.version_info >= (3, 12):  # before, the original gave a dict of groups, sorted
    PLAIN.append({})

TEXTS = [
    None,
    b"",
    b"[g]\na = m.n:o\n",
    b"[g]\nb = m.n:o\n",  # as long as the one above
    b"# none\n[g]\n\n# a = x\na = m.n : o.p [x, y]\n  b=m  \n[h]\na = m\n[g]\na = second\n",
    b"[g]\r\na = m.n\r\n[other group]\r\na b = m\r\n",
    "[ü]\nä = größe:ß\n".encode(),
    b"no = group\n[[g]]\na = m\n[]\nempty = m\n",
    b"[g]\na = m = n\nb = not a value!\n",
    b"[g]\na line without a value\n",  # broken for the original
    b"[g]\na = \xff\n",  # broken, too
]
TOLD = [None, b"Name: Told\nVersion: 2.0\n", b"Name: tool\nVersion: 3\n\nText", b"", b"Name: \xff"]
STEMS = ["tool-1.0", "Tool-2.0", "to.ol-1", "to__ol-1", "other-1.0", "_other", "Told", "-1.0", ""]
ENDINGS = [".dist-info", ".egg-info", ".DIST-INFO"]

PLACES = ["site", "site2", "egg_one-1.0-py3.egg", "TWO.EGG", "z.zip", "w-1-py3-none-any.whl"]
EDITS = ["add", "remove", "state", "state", "tell", "turn"]


def draw_info(draw: random.Random) -> Any:
    """Metadata: name, entry points, what tells name and version, in which file; or one file."""
    name = "EGG-INFO" if draw.random() < 0.2 else draw.choice(STEMS) + draw.choice(ENDINGS)
    texts = TEXTS if draw.random() < 0.1 else TEXTS[:-3]
    told = TOLD if draw.random() < 0.2 else TOLD[1:3]
    telling = draw.choice(["METADATA", "PKG-INFO"])
    return name, draw.choice(texts), draw.choice(told), telling, draw.random() < 0.1


def write_info(folder: Path, made: Any) -> None:
    """Write metadata into a folder, over what may be there."""
    name, text, told, telling, is_file = made
    path = folder / name
    if is_file and not path.exists():
        path.write_bytes(told or b"")
        return
    if path.is_file():
        return
    path.mkdir(exist_ok=True)
    for file, content in (("entry_points.txt", text), (telling, told)):
        if content is not None:
            (path / file).write_bytes(content)
        else:
            (path / file).unlink(missing_ok=True)


def write_place(root: Path, name: str, infos: list[Any]) -> str:
    """Write a folder or an archive of metadata; gives its path."""
    folder = root / f"{name} source" if name.endswith(("zip", "whl")) else root / name
    folder.mkdir(exist_ok=True)
    for each in infos:
        write_info(folder, each)
    if folder.name == name:
        return str(folder)
    with zipfile.ZipFile(root / name, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, str(path.relative_to(folder)))
    return str(root / name)


def change(root: Path, path: list[str], how: str, which: int, made: Any) -> None:
    """Change something on the path."""
    if how == "turn":
        path.append(path.pop(0))
        return
    chosen = path[which % len(path)]
    is_archive = chosen.endswith(("zip", "whl"))
    folder = Path(f"{chosen} source" if is_archive else chosen)
    there = sorted(folder.iterdir())
    if how == "add" or not there:
        write_info(folder, made)
    else:
        one = there[which % len(there)]
        if how == "remove":
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        else:
            file = {"state": "entry_points.txt", "tell": made[3]}[how]
            content = made[1] if how == "state" else made[2]
            (one / file if one.is_dir() else one).write_bytes(content or b"")
    if is_archive:
        write_place(root, Path(chosen).name, [])


def answer(ask: Callable[..., Any], question: dict[str, Any]) -> Any:
    """What is said, with the places of the distributions; or the type of what is raised."""
    try:
        found = [*ask(**question)]
        if sys.version_info < (3, 12) and "group" not in question:
            found.sort(key=lambda point: point.group)
        return [(p.name, p.value, p.group, str(p.dist._path), *told(p)) for p in found]
    except Exception as error:  # broken metadata raise anything
        return type(error).__name__ if question in PLAIN else "raised"


def told(point: Any) -> list[str]:
    """Name and version of the distribution of a point, of ours or of the original's."""
    if isinstance(point, EntryPoint):
        return [point.dist_name, point.dist_version]
    return told_by(point.dist, point.dist._normalized_name)


def answers(ask: Callable[..., Any]) -> list[Any]:
    """What is said to all questions."""
    importlib.metadata.FastPath.__new__.cache_clear()  # type: ignore[attr-defined]  # by its times
    return [answer(ask, question) for question in QUESTIONS]


def anew(**environment: str) -> list[Any]:
    """What is said by a process that has read nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installed, "_KNOWN", {})
        patch.setattr(installed, "_PLAIN", {})
        for name, value in environment.items():
            patch.setenv(name, value)
        return answers(entry_points)


@pytest.fixture(autouse=True)
def _python_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own finder knows distributions, though other tests import one that displaces it."""
    others = [each for each in sys.meta_path if type(each).__module__ == "importlib_metadata"]
    monkeypatch.setattr(sys, "meta_path", [each for each in sys.meta_path if each not in others])
    if others:  # the backport, which takes this method from Python's
        find = importlib.metadata.MetadataPathFinder.find_distributions
        monkeypatch.setattr(PathFinder, "find_distributions", find, raising=False)


@pytest.fixture(params=["young", "old"])
def age(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Files whose times tell nothing yet; or such that can be trusted after a moment."""
    if request.param == "young":
        return lambda: None
    for module in (regcache_core._cold.stamps, installed):
        monkeypatch.setattr(module, "RACY_NS", 15_000_000)
    return lambda: time.sleep(0.03)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its open archives
def test_any_environment_gives_what_the_original_gives(
    age: Callable[[], None], tmp_path: Path
) -> None:
    """Cold, again, warm and switched off, while metadata come, change and go."""
    seed = time.time_ns()
    for number in range(40):
        live(random.Random(seed + number), tmp_path / str(number), age)
    importlib.metadata.FastPath.__new__.cache_clear()  # type: ignore[attr-defined]
    gc.collect()  # here, where the original's warnings of archives that it left open are expected


def live(draw: random.Random, root: Path, age: Callable[[], None]) -> None:
    """Make an environment and change it; ask each time."""
    with pytest.MonkeyPatch.context() as patch:
        root.mkdir()
        patch.setenv("REGCACHE_DIR", str(root / "cache"))
        names = draw.sample(PLACES, draw.randint(1, 4))
        infos = [[draw_info(draw) for _ in range(draw.randint(0, 5))] for _ in names]
        path = [*map(write_place, [root] * len(names), names, infos)]
        rest = [each for each in sys.path if "site-packages" not in each]
        for step in ["", *draw.choices(EDITS, k=5)]:
            if step:
                age()
                change(root, path, step, draw.randint(0, 99), draw_info(draw))
            patch.setattr(sys, "path", path + rest)
            expected = answers(importlib.metadata.entry_points)
            age()
            running, again = answers(entry_points), answers(entry_points)
            warm, switched_off = anew(), anew(REGCACHE_DISABLE="1")

            assert (step, expected) == (step, running)
            assert (step, expected) == (step, again)
            assert (step, expected) == (step, warm)
            assert (step, expected) == (step, switched_off)


ASK = """
from regcache_core.discovery import entry_points
found = [(p.name, p.value, p.group) for p in entry_points(group="g")]
out = [found, "importlib.metadata" in sys.modules]
from importlib.metadata import entry_points
assert found == [(p.name, p.value, p.group) for p in entry_points(group="g")]
"""


def site_of(app: App) -> Path:
    """A folder on the path of an application, with one distribution."""
    app.write(
        {
            "tool-1.0.dist-info/entry_points.txt": "[g]\na = tool_plugins:Tool.name\n",
            "tool-1.0.dist-info/METADATA": "Name: Tool\nVersion: 1.0\n",
            "tool_plugins.py": "class Tool:\n    name = 'made'\n",
        }
    )
    return app.folder


def test_processes_share_what_one_has_read(app: App) -> None:
    """A later process imports no importlib.metadata, until something changed."""
    site = site_of(app)
    cold, warm = app.run(ASK), app.run(ASK)
    shutil.copytree(site / "tool-1.0.dist-info", site / "other-1.0.dist-info")
    added, again = app.run(ASK), app.run(ASK)
    point = ["a", "tool_plugins:Tool.name", "g"]

    assert [[[point], True], [[point], False]] == [cold, warm]
    assert [[[point, point], True], [[point, point], False]] == [added, again]


def test_a_warm_call_opens_one_file_for_each_folder_with_metadata(app: App) -> None:
    """What is opened: the cache files; a second call opens nothing."""
    app.hidden = (*App.hidden, "COVERAGE")
    site = site_of(app)
    counted = """
    from regcache_core.discovery import entry_points
    import regcache_core.discovery.installed
    sys.path[:] = [SITE, *[each for each in sys.path if each.startswith(sys.base_prefix)]]
    seen = []
    sys.addaudithook(lambda event, told: event in ("open", "os.listdir") and seen.append(told[0]))
    entry_points(group="g")
    first, seen[:] = seen[:], []
    entry_points(group="g")
    out = [sorted(map(str, opened)) for opened in (first, seen)]
    """.replace("SITE", repr(str(site)))
    app.run(counted)
    time.sleep(2.1)
    app.run(counted)

    assert [list(map(str, app.cache_files())), []] == app.run(counted)


def test_a_folder_without_metadata_is_kept_if_it_is_large(app: App) -> None:
    """A small one is listed as fast as a file is read; no file is written for it."""
    for number in range(installed._FEW + 1):
        (app.folder / f"{number}.txt").touch()
    app.run(ASK)
    large = [str(app.folder) in file.read_text() for file in app.cache_files()]
    (app.folder / "0.txt").unlink()
    shutil.rmtree(app.cache)
    app.run(ASK)

    assert True in large
    assert True not in [str(app.folder) in file.read_text() for file in app.cache_files()]


def test_what_only_a_cache_file_says_is_not_imported(app: App) -> None:
    """`load()` asks the metadata: whoever writes into the file cannot name a module."""
    site_of(app)
    app.write({"evil.py": "raise SystemExit('imported')"})
    app.run(ASK)
    for file in app.cache_files():
        if "tool_plugins" in file.read_text():
            document = json.loads(file.read_text().replace("tool_plugins:Tool.name", "evil"))
            file.write_bytes(sealed(document))
    load = """
    from regcache_core.discovery import entry_points
    (point,) = entry_points(group="g")
    try:
        point.load()
    except ImportError as error:
        out = [type(error).__name__, str(error), "evil" in sys.modules]
    """

    assert [
        "EntryPointGoneError",
        "'a = evil' of group 'g' was not imported: Tool named it when it was listed, and no "
        "installed distribution does any more. Ask entry_points() again.",
        False,
    ] == app.run(load)


@pytest.mark.parametrize(
    ("value", "loaded"),
    [
        ("tool_plugins", "<module 'tool_plugins'"),
        ("tool_plugins:Tool", "<class 'tool_plugins.Tool'>"),
        ("tool_plugins : Tool..name [x]", "made"),
    ],
)
def test_load_imports_as_the_original_does(value: str, loaded: str, app: App) -> None:
    """A module, something in it, or deeper; spaces and extras do not count."""
    site = site_of(app)
    (site / "tool-1.0.dist-info" / "entry_points.txt").write_text(f"[g]\na = {value}\n")
    (point,) = entry_points(group="g", name="a", value=value)

    assert str(point.load()).startswith(loaded)


def test_load_follows_a_distribution_that_was_replaced(app: App) -> None:
    """Another version that names the same is as good; none is an error."""
    site = site_of(app)
    (point,) = entry_points(group="g")
    (site / "tool-1.0.dist-info").rename(site / "tool-1.1.dist-info")
    replaced = point.load()
    shutil.rmtree(site / "tool-1.1.dist-info")

    assert replaced == "made"
    with pytest.raises(EntryPointGoneError, match="Tool named it"):
        point.load()


@pytest.mark.parametrize("kind", ["finder", "path object", "null", "no finder"])
def test_what_others_find_is_asked_of_the_original(
    kind: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a foreign finder of distributions, or odd entries of the path, the original answers."""
    site = site_of(app)
    found = importlib.metadata.Distribution.at(site / "tool-1.0.dist-info")
    finder = SimpleNamespace(find_distributions=lambda context: [found])
    with monkeypatch.context() as patch:
        if "finder" in kind:
            patch.setattr(sys, "meta_path", [*sys.meta_path, finder] if kind == "finder" else [])
        odd = {"path object": [site], "null": [f"{site}\0"]}.get(kind, [])
        patch.setattr(sys, "path", [*odd, *sys.path[1:]])
        patch.setattr(installed, "_distributions_in", None)
        expected, said = answers(importlib.metadata.entry_points), answers(entry_points)
        points = [*entry_points(group="g")] if kind in ("finder", "path object") else []

    assert expected == said
    assert [("Tool", "1.0", "made")] * len(points) == [
        (each.dist_name, each.dist_version, each.load()) for each in points
    ]


def test_a_failure_of_the_moment_is_not_kept(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read now raises as in the original, and is read by the next call."""
    site_of(app)

    def fail(distribution: object, name: str) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(importlib.metadata.PathDistribution, "read_text", fail)
        with pytest.raises(OSError, match="Too many open files"):
            entry_points(group="g")

    assert [] == [file for file in app.cache_files() if str(app.folder) in file.read_text()]
    assert {"a"} == entry_points(group="g").names


def test_names_that_are_no_unicode_are_kept(app: App) -> None:
    """A folder may have any name; what it says is found in the cache too."""
    info = site_of(app) / "tool-1.0.dist-info"
    shutil.copytree(info, info.with_name(os.fsdecode(b"caf\xe9-1.0.dist-info")))
    cold, warm = app.run(ASK), app.run(ASK)

    assert ([2, True], [2, False]) == ([len(cold[0]), cold[1]], [len(warm[0]), warm[1]])


def test_a_removed_working_folder_is_passed_over(app: App) -> None:
    """It holds nothing."""
    code = "import os, sys\nos.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"

    assert [[], True] == app.run(code + "sys.path.insert(0, '')" + ASK)


def test_a_folder_named_like_an_egg_is_one_where_the_path_says_so(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty entry is the working folder, whatever its name; names are compared in any case."""
    egg = app.folder / "tool-1-py3.EGG"
    (egg / "EGG-INFO").mkdir(parents=True)
    (egg / "EGG-INFO" / "entry_points.txt").write_text("[g]\na = m\n")
    (egg / "EGG-INFO" / "PKG-INFO").write_text("Name: tool\n")
    monkeypatch.chdir(egg)
    for entry in ("", ".", str(egg), f"{egg}/", "../tool-1-py3.EGG", "../tool-1-py3.EGG/"):
        monkeypatch.setattr(sys, "path", [entry, *sys.path[1:]])
        expected, found = (
            [point.name for point in ask(group="g")]
            for ask in (importlib.metadata.entry_points, entry_points)
        )

        assert (entry, expected) == (entry, found)


def test_a_damaged_record_is_a_miss(app: App) -> None:
    """A record of another shape is read anew."""
    site_of(app)
    app.run(ASK)
    for damage in ('["tool", "Tool"]', '"tool"', '["tool", 1, ""]', '{"tool": ""}'):
        for file in app.cache_files():
            document = json.loads(file.read_text())
            if "tool-1.0.dist-info" in document["items"]:
                document["items"]["tool-1.0.dist-info"] = json.loads(damage)
                file.write_bytes(sealed(document))

        assert [[["a", "tool_plugins:Tool.name", "g"]], True] == app.run(ASK)


POINT = EntryPoint("a", "m:o", "g", "Tool", "1.0")


def test_an_entry_point_is_a_value() -> None:
    """Equal by its three texts, sorted by them, immutable, pickled with its distribution."""
    same = EntryPoint("a", "m:o", "g")
    back = pickle.loads(pickle.dumps(POINT))

    assert POINT == same == back
    assert hash(POINT) == hash(same)
    assert ("Tool", "1.0", None) == (back.dist_name, back.dist_version, back.dist)
    assert [POINT, EntryPoint("b", "", "")] == sorted([EntryPoint("b", "", ""), POINT])
    assert POINT != ("a", "m:o", "g")
    assert repr(importlib.metadata.EntryPoint("a", "m:o", "g")) == repr(POINT)
    with pytest.raises(AttributeError, match="immutable: 'name' cannot be set"):
        POINT.name = "b"
    with pytest.raises(AttributeError, match="immutable: 'name' cannot be deleted"):
        del POINT.name
    with pytest.raises(TypeError):
        POINT < ("a",)  # noqa: B015


def test_entry_points_are_selected_from() -> None:
    """By name, by any attributes; names and groups are sets."""
    other = EntryPoint("a", "m", "h")
    points = EntryPoints([POINT, other])

    assert (POINT, other) == points
    assert POINT is points["a"]
    assert EntryPoints([other]) == points.select(group="h") == points.select(attr=None, name="a")
    assert ({"a"}, {"g", "h"}) == (points.names, points.groups)
    assert f"EntryPoints(({POINT!r}, {other!r}))" == repr(points)
    with pytest.raises(KeyError, match="b"):
        points["b"]
    with pytest.raises(AttributeError, match="colour"):
        points.select(colour="red")


@given(st.text("ab._é²1:[] ,\t-"))
@example("a[b.c, .]")
def test_a_value_is_taken_apart_as_by_the_original(value: str) -> None:
    """Module, attribute and extras are those of the regular expression, or all raise."""
    point = EntryPoint("a", value, "g")
    match = importlib.metadata.EntryPoint.pattern.match(value)
    if match is None:
        with pytest.raises(ValueError, match="'module' or 'module:attribute' is expected"):
            point.extras  # noqa: B018
        return
    extras = re.findall(r"\w+", match["extras"] or "")

    assert (match["module"], match["attr"], extras) == (point.module, point.attr, point.extras)


@pytest.mark.pip
@pytest.mark.skipif(PIP is None, reason="this Python brings no pip along")
def test_a_real_package_comes_and_goes_with_pip(tmp_path: Path) -> None:
    """Pip itself is installed and removed by pip; a running process sees both, a fresh one too."""
    environment = Environment(tmp_path)
    ask = """
    from regcache_core.discovery import entry_points
    out = [p.name for p in entry_points(group="console_scripts") if p.dist_name == "pip"]
    """
    code = f"""
    import subprocess
    {ask}
    before = out
    pip = [sys.executable, {f"{PIP}/pip"!r}, "install", "--no-index", {str(PIP)!r}]
    subprocess.run(pip, check=True, stdout=2)
    out = [p.name for p in entry_points(group="console_scripts") if p.dist_name == "pip"]
    loaded = entry_points(group="console_scripts", name="pip")["pip"].load().__module__
    out = [before, "pip" in out, loaded]
    """
    running = environment.run(code)
    fresh = environment.run(ask)
    environment.uninstall("pip")

    assert [[], True, "pip._internal.cli.main"] == running
    assert "pip" in fresh
    assert [] == environment.run(ask)


@pytest.mark.pip
@pytest.mark.skipif(PIP is None, reason="this Python brings no pip along")
@pytest.mark.parametrize("finder", ["", "tool_plugins"])
def test_an_editable_install_is_listed_and_loaded(finder: str, tmp_path: Path) -> None:
    """By a path or by a finder of modules, which knows no distributions."""
    environment = Environment(tmp_path)
    environment.install_editable(
        "tool",
        {"tool_plugins.py": "NAME = 'made'"},
        finder=finder,
        entry_points_txt="[g]\na = tool_plugins:NAME\n",
    )
    cold, warm = environment.run(ASK), environment.run(ASK)
    load = "from regcache_core.discovery import entry_points\n"
    load += "out = [point.load() for point in entry_points(group='g')]"

    assert [[[["a", "tool_plugins:NAME", "g"]], is_cold] for is_cold in (True, False)] == [
        cold,
        warm,
    ]
    assert ["made"] == environment.run(load)

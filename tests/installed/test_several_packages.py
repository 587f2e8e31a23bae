"""Registries of several packages, by name or by pattern: other distributions add to a namespace."""

import shutil
from typing import Any
from zipfile import ZipFile

import pytest
from applications import age
from test_duplicates import BASES, KINDS, POLICIES, module
from throwaway import App, Change, check_after, remove, replace, write

LOOK = """
import sys
sys.path += {path!r}
import warnings
warnings.simplefilter("ignore")
from app.base import REG
keys = list(REG)
def error(failure):
    return getattr(failure, "error", failure).partition(" at ")[0]
def told(key):
    try:
        return repr(REG.info(key))
    except ValueError as error:
        return type(error).__name__
bare = [each for each in sys.modules if each.startswith(("app.plugins", "ext", "vendor"))]
answer = [
    keys,
    [told(key) for key in keys],
    {{name: error(each) for name, each in REG.failures.items()}},
    REG.skipped,
]
report = REG.report
out = [answer, report and report.status, report and report.saved and report.saved.status]
"""


@pytest.fixture(params=KINDS)
def each(request: pytest.FixtureRequest) -> str:
    """How the registry is made: by declaring, for a package of others, of functions."""
    kind: str = request.param
    return kind


def make(app: App, kind: str, packages: object = ("ext.*",), **options: object) -> None:
    """An application with the plugin ``own``, and ``ext`` in two folders of the path."""
    told = "".join(f"{name}={value!r}, " for name, value in options.items())
    app.write(
        {
            "app/__init__.py": "",
            "app/base.py": BASES[kind].format(options=f"packages={packages!r}, {told}"),
            "app/plugins/__init__.py": "",
            "app/plugins/own.py": module(kind, "own"),
            "ext/tiff/__init__.py": module(kind, "tiff"),
            "ext/tiff/big.py": module(kind, "big"),
            "more/ext/png.py": module(kind, "png"),
            "more/ext/data/table.csv": "",
        }
    )


def look(app: App, more: str = "") -> str:
    """Code that lists the registry, with the folders that the path has then."""
    return LOOK.format(path=[f"{app.folder}/more", f"{app.folder}/third"]) + more


def keys_of(app: App, more: str = "") -> Any:
    """The keys that a start lists."""
    return app.run(look(app, more), PYTHONWARNINGS="ignore")[0][0]


def test_packages_are_listed_in_order(each: str, app: App) -> None:
    """First the package itself, then what the pattern means by name; warm nothing is imported."""
    make(app, each)
    more = """
cold = [name for name in sys.modules if "_cold" in name]
out = [bare, cold, [REG[key].__module__ for key in keys], keys, report.status]
"""
    age()
    first, again, warm = (app.run(look(app, more)) for _ in range(3))

    homes = ["app.plugins.own", "ext.png", "ext.tiff", "ext.tiff.big"]
    keys = ["own", "png", "tiff", "big"]
    assert [homes, keys, "miss"] == first[2:]
    assert [[], homes, keys, "hit"] == [again[0], *again[2:]]
    assert [[], [], homes, keys, "hit"] == warm


def move(old: str, new: str) -> Change:
    """A change that moves a file or folder."""

    def change(app: App) -> None:
        (app.folder / new).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(app.folder / old, app.folder / new)
        app.wrote()

    return change


def clear(name: str) -> Change:
    """A change that removes a folder."""
    return lambda app: shutil.rmtree(app.folder / name)


def archived(kind: str) -> Change:
    """A change that puts an archive with a plugin on the path."""

    def change(app: App) -> None:
        with ZipFile(app.folder / "third", "w") as file:
            file.writestr("ext/", "")  # else it is no folder to Python
            file.writestr("ext/zipped.py", module(kind, "zipped"))

    return change


#: Change, with the kind of the registry -> the keys that are listed after it.
CHANGES: dict[str, tuple[Any, list[str]]] = {
    "a module is added": (
        lambda kind: write("ext/jpeg.py", module(kind, "jpeg")),
        ["own", "jpeg", "png", "tiff", "big"],
    ),
    "a package is added in the other folder": (
        lambda kind: write("more/ext/zarr/__init__.py", module(kind, "zarr")),
        ["own", "png", "tiff", "big", "zarr"],
    ),
    "a folder without __init__ becomes one of modules": (
        lambda kind: write("more/ext/data/table.py", "x = 1\n"),
        ["own", "png", "tiff", "big"],
    ),
    "a third folder of the path": (
        lambda kind: write("third/ext/bmp.py", module(kind, "bmp")),
        ["own", "bmp", "png", "tiff", "big"],
    ),
    "an archive on the path": (archived, ["own", "png", "tiff", "big", "zipped"]),
    "a module is removed": (lambda kind: remove("more/ext/png.py"), ["own", "tiff", "big"]),
    "a package is removed": (lambda kind: clear("ext/tiff"), ["own", "png"]),
    "all are removed": (
        lambda kind: lambda app: (clear("ext")(app), clear("more")(app)),
        ["own"],
    ),
    "a plugin is edited": (
        lambda kind: replace("more/ext/png.py", "png", "apng"),
        ["own", "apng", "tiff", "big"],
    ),
    "a plugin below one is edited": (
        lambda kind: replace("ext/tiff/big.py", "big", "huge"),
        ["own", "png", "tiff", "huge"],
    ),
    "one moves to the other folder": (
        lambda kind: move("ext/tiff", "more/ext/tiff"),
        ["own", "png", "tiff", "big"],
    ),
    "a package hides the module": (
        lambda kind: write("ext/png/__init__.py", module(kind, "hiding")),
        ["own", "hiding", "tiff", "big"],
    ),
    "the namespace becomes a package": (
        lambda kind: write("ext/__init__.py", ""),
        ["own", "tiff", "big"],
    ),
    "one of the first package": (
        lambda kind: write("app/plugins/a.py", module(kind, "a")),
        ["a", "own", "png", "tiff", "big"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_seen_by_the_next_start(name: str, each: str, app: App) -> None:
    """Of what a pattern means, and where: as a process without a cache finds it."""
    change, keys = CHANGES[name]
    make(app, each)

    check_after(app, change(each), look(app))

    assert keys == keys_of(app)
    assert 1 == len(app.cache_files())


def test_reason_names_the_package(each: str, app: App) -> None:
    """That appeared, is gone or lies elsewhere; a source that is another one is told as ever."""
    make(app, each)
    more = "\nout = [report.reason.name, report.where]"
    app.run(look(app))
    reasons = []
    for change in (
        write("ext/jpeg.py", module(each, "jpeg")),
        move("ext/jpeg.py", "more/ext/jpeg.py"),
        remove("more/ext/jpeg.py"),
        replace("ext/tiff/big.py", "big", "huge"),
    ):
        change(app)
        reasons.append(app.run(look(app, more)))

    assert ["MODULE_APPEARED", "ext.jpeg"] == reasons[0]
    assert [["MODULE_GONE", "ext.jpeg"]] * 2 == reasons[1:3]
    assert ["SOURCE_CHANGED", str(app.folder / "ext/tiff/big.py")] == reasons[3]


def test_pattern_that_means_nothing_is_watched(each: str, app: App) -> None:
    """An empty list, and no error; what appears is listed, what goes again is not."""
    make(app, each)
    shutil.rmtree(app.folder / "ext")
    shutil.rmtree(app.folder / "more")
    assert ["own"] == keys_of(app)

    check_after(app, write("ext/tiff.py", module(each, "tiff")), look(app))
    assert ["own", "tiff"] == keys_of(app)
    check_after(app, remove("ext/tiff.py"), look(app))
    assert ["own"] == keys_of(app)


@pytest.mark.parametrize(
    ("packages", "keys"),
    [
        (["ext.t*"], ["own", "tiff", "big"]),
        (["ext.?ng"], ["own", "png"]),
        (["ext.[!t]*"], ["own", "png"]),
        (["ext.*.big"], ["own", "big"]),
        (["ext.*.*"], ["own", "big"]),
        (["ext.tiff", "ext.*"], ["own", "tiff", "big", "png"]),
        (["ext.*", "ext.tiff", "app.plugins", "app.plug*"], ["own", "png", "tiff", "big"]),
        (["ext.png", "ext.tiff.big"], ["own", "png", "big"]),
        (["ext"], ["own", "tiff", "big", "png"]),
        (["none.*", "ext.none*", "ext.png.*", "app.no.*"], ["own"]),
        (("ext.png",), ["own", "png"]),
        ([], ["own"]),
    ],
)
def test_names_and_patterns(packages: object, keys: list[str], each: str, app: App) -> None:
    """Whole parts of names, each module once, in the order in which they are given."""
    make(app, each, packages)

    cold, warm = (app.run(look(app), PYTHONWARNINGS="ignore") for _ in range(2))

    assert [keys, "hit"] == [warm[0][0], warm[1]]
    # What registers itself in a package above is there as well, in the process that imports it.
    assert [keys, "miss"] == [[key for key in cold[0][0] if key in keys], cold[1]]


ANSWERS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "error": (["HTTP"], ["Duplicate"], ["ext.a:HTTP", "vendor.http:HTTP"]),
    "first": (["HTTP"], ["app.plugins.z"], ["ext.a:HTTP", "vendor.http:HTTP"]),
    "last": (["HTTP"], ["ext.a"], ["app.plugins.z:HTTP", "vendor.http:HTTP"]),
    "qualify": (
        ["z.HTTP", "vendor.http.HTTP", "ext.a.HTTP"],
        ["app.plugins.z", "vendor.http", "ext.a"],
        [],
    ),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_policies_follow_the_order_of_packages(policy: str, each: str, app: App) -> None:
    """Cold and warm; a place is told from the first package on, or in full."""
    make(app, each, ["vendor", "ext.*"], on_duplicate=policy)
    clear("ext")(app)
    clear("more")(app)
    files = {"app/plugins/z.py": "HTTP", "vendor/http.py": "HTTP", "ext/a.py": "HTTP"}
    app.write({name: module(each, key) for name, key in files.items()})
    app.write({"vendor/__init__.py": ""})
    app.remove("app/plugins/own.py")
    more = """
def find(key):
    try:
        return REG[key].__module__
    except ValueError as error:
        return type(error).__name__[:9]
out = [keys, [find(key) for key in keys], sorted(REG.failures), report.status]
"""

    cold, warm = (app.run(look(app, more), PYTHONWARNINGS="ignore") for _ in range(2))

    assert [*ANSWERS[policy], "miss"] == cold
    assert [*ANSWERS[policy], "hit"] == warm


BROKEN = {
    "a further package": ({"vendor/__init__.py": "1 / 0"}, "vendor", ["own", "png", "tiff", "big"]),
    "what a pattern means": (
        {"ext/tiff/__init__.py": "1 / 0"},
        "ext.tiff",
        ["own", "vendor", "png"],
    ),
    "what a pattern begins with": ({"ext/__init__.py": "1 / 0"}, "ext", ["own", "vendor"]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_package_costs_only_itself(what: str, each: str, app: App) -> None:
    """It stands in the failures, and is listed once it is mended."""
    files, failed, keys = BROKEN[what]
    make(app, each, ["vendor", "ext.*"])
    app.write({"vendor/__init__.py": module(each, "vendor"), **files})
    (file,) = files

    check_after(app, write(file, "2 / 0"), look(app))
    answer = app.run(look(app))[0]
    mended = "" if failed == "ext" else module(each, "mended")
    check_after(app, write(file, mended), look(app))

    assert keys == answer[0]
    assert {failed: "ZeroDivisionError: division by zero"} == answer[2]
    assert failed == "ext" or "mended" in keys_of(app)
    assert {} == app.run(look(app))[0][2]


def test_missing_package_is_named(each: str, app: App) -> None:
    """The same error as for a single one, of whichever it is."""
    make(app, each, ["ext.*", "no_such.package"])

    done = app.start(look(app))

    assert "no_such.package" in done.stderr.splitlines()[-1]
    assert "there is no such package" in done.stderr.splitlines()[-1]


WRONG = ["*", "*.plugins", "e[x]t.a", "a..b", "", ".a", 3]


@pytest.mark.parametrize("wrong", [*WRONG, None])
def test_wrong_names_are_refused_where_they_are_declared(
    wrong: object, each: str, app: App
) -> None:
    """What can be no name, a pattern in the first part, one text in the place of a list."""
    packages = "ext.*" if wrong is None else ["ext.*", wrong]
    make(app, each, packages)

    done = app.start("import app.base")

    assert "ConfigError" in done.stderr
    assert f"packages is {packages!r}" in done.stderr


@pytest.mark.parametrize("wrong", ["*", "e?t.plugins"])
def test_first_package_may_be_a_pattern_within_a_package_only(
    wrong: str, each: str, app: App
) -> None:
    """``ext.*`` alone is enough; what is wrong is refused under the name that it was given by."""
    make(app, each, ())
    base = (app.folder / "app" / "base.py").read_text()
    app.write({"app/base.py": base.replace("app.plugins", wrong)})
    refused = app.start("import app.base").stderr
    app.write({"app/base.py": base.replace("app.plugins", "ext.*")})

    found = [app.run(look(app)) for _ in range(2)]

    assert f"package is {wrong!r}" in refused
    assert [["png", "tiff", "big"]] * 2 == [answer[0] for answer, *_ in found]
    assert ["miss", "hit"] == [status for _, status, _ in found]


@pytest.mark.parametrize(
    "home", ["ext", "extra.tiff", "vendor.tiff", "app.base", "ext.__init__", "os"]
)
def test_cache_file_names_no_module_outside(home: str, each: str, app: App) -> None:
    """Neither one that lies beside, nor what a pattern begins with."""
    make(app, each)
    app.run(look(app))
    app.edit_cache('"module":"ext.tiff"', f'"module":"{home}"')

    answer, status, _ = app.run(look(app))

    assert "miss" == status
    assert ["own", "png", "tiff", "big"] == answer[0]


def test_excluded_modules(each: str, app: App) -> None:
    """Of all packages; what a pattern means too, told from what stands before that on."""
    make(app, each, exclude=["big", "tests", "png"])
    app.write({"ext/tests/__init__.py": "1 / 0", "app/plugins/tests.py": "1 / 0"})

    found = [app.run(look(app)) for _ in range(2)]

    names = {"app.plugins.tests": "tests", "ext.png": "png", "ext.tests": "tests"}
    names["ext.tiff.big"] = "big"
    skipped = {name: f"excluded by {pattern!r}" for name, pattern in names.items()}
    assert [["own", "tiff"], [], skipped] == [found[1][0][0], [*found[1][0][2]], found[1][0][3]]
    assert found[0][0] == found[1][0]


def test_excluded_names_begin_below_every_package(each: str, app: App) -> None:
    """A pattern that names a package would fit nothing."""
    make(app, each, exclude=["ext.png"])

    assert "patterns that begin below ext.*" in app.start("import app.base").stderr


def test_running_process_finds_what_is_installed(each: str, app: App) -> None:
    """By a lookup, by refresh; and verify agrees."""
    make(app, each)
    app.write({"late.txt": module(each, "late")})
    more = f"""
import os, shutil, time
time.sleep(0.02)
found = [REG.verify().is_fresh]
shutil.copy({str(app.folder / "late.txt")!r}, {str(app.folder / "more/ext/late.py")!r})
found.append(REG["late"].__module__)
os.remove({str(app.folder / "more/ext/late.py")!r})
REG.refresh()
found.append(list(REG))
out = found
"""
    app.run(look(app))

    assert [True, "ext.late", ["own", "png", "tiff", "big"]] == app.run(look(app, more))


def test_package_that_adds_to_its_path(each: str, app: App) -> None:
    """What only the import of the package finds is listed, cold and warm, and watched."""
    make(app, each)
    app.write({"ext/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, 'ext')"})
    for name in ("png.py", "data/table.csv"):
        assert (app.folder / "more/ext" / name).exists()
    app.write({"more/ext/__init__.py": ""})
    assert ["own", "png", "tiff", "big"] == keys_of(app)

    check_after(app, write("more/ext/jpeg.py", module(each, "jpeg")), look(app))

    assert ["own", "jpeg", "png", "tiff", "big"] == keys_of(app)


def test_package_that_a_pattern_means_and_that_adds_to_its_path(each: str, app: App) -> None:
    """What lies in the added folder is listed, stored, and watched."""
    make(app, each)
    added = "import os\n__path__.append(os.path.dirname(__file__) + '/../../added')\n"
    app.write({"ext/tiff/__init__.py": added, "added/plus.py": module(each, "plus")})

    check_after(app, write("added/more.py", module(each, "more")), look(app))

    assert ["own", "png", "big", "more", "plus"] == keys_of(app)


def test_module_that_a_plugin_of_another_package_imports_is_watched(each: str, app: App) -> None:
    """Each top-level package is one that may be edited, not the first alone."""
    make(app, each, ["vendor.plugins"])
    app.write(
        {
            "vendor/__init__.py": "",
            "vendor/names.py": "try:\n    import opt\n    N = 'with'\nexcept ImportError:\n"
            "    N = 'without'\n",
            "vendor/plugins/__init__.py": "",
            "vendor/plugins/a.py": "from vendor.names import N\nif N == 'with':\n    1 / 0\n"
            + module(each, "a"),
        }
    )
    early = f"import vendor.names\n{look(app)}"
    check_after(app, write("opt.py", ""), early)

    assert ["own"] == app.run(early)[0][0]

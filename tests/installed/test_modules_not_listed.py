"""Modules that no listing of a package shows, but that those it shows import; misnamed classes."""

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

#: What a module does to the name of the module that its class or function has.
RENAMED = "def renamed(thing):\n    thing.__module__ = {name!r}\n    return thing\n"
#: Where the plugin is: files of the package -> text; ``{plugin}`` is its code.
PLACES = {
    "folder without __init__": {"zz.py": "from .more import odd", "more/odd.py": "{plugin}"},
    "folder in such a folder": {"zz.py": "from .a.b import odd", "a/b/odd.py": "{plugin}"},
    "imported by one that is not listed": {
        "zz.py": "from .more import first",
        "more/first.py": "from . import odd",
        "more/odd.py": "{plugin}",
    },
    "named after the package": {"zz.py": "{renamed_app}"},
    "named after nothing that exists": {"zz.py": "{renamed_nowhere}"},
    "named after a module beside it": {"zy.py": "", "zz.py": "{renamed_beside}"},
}


@pytest.fixture
def app(kind: str, tmp_path: object) -> App:
    """An application of that kind."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write(FILES[kind])
    return app


def texts(kind: str, place: str) -> dict[str, str]:
    """The files of one place."""
    told = {
        "plugin": plugin(kind, "'odd'"),
        "renamed_app": RENAMED.format(name="app") + plugin(kind, "'odd'", "@renamed\n"),
        "renamed_beside": RENAMED.format(name=f"app.{FOLDER[kind]}.zy")
        + plugin(kind, "'odd'", "@renamed\n"),
        "renamed_nowhere": RENAMED.format(name="no.where") + plugin(kind, "'odd'", "@renamed\n"),
    }
    files = PLACES[place].items()
    return {f"app/{FOLDER[kind]}/{name}": text.format(**told) for name, text in files}


@pytest.mark.parametrize("place", PLACES)
def test_plugin_is_listed_cold_and_warm(place: str, kind: str, app: App) -> None:
    """As in a plain dict that modules fill; it is loaded by its key, and an edit is seen."""
    files = texts(kind, place)
    app.write(files)
    listing = f"{LIST[kind]}\nout = [sorted(REG), REG.report.status, REG['odd'].__name__.lower()]"

    cold, warm = app.run(listing), app.run(listing)
    app.write({name: text.replace("'odd'", "'new'") for name, text in files.items()})
    edited = app.run(f"{LIST[kind]}\nout = sorted(REG)")

    listed = sorted([*LISTED[kind], "odd"])
    assert [[listed, "miss", "odd"], [listed, "hit", "odd"]] == [cold, warm]
    assert sorted([*LISTED[kind], "new"]) == edited


def test_class_of_a_module_made_at_run_time_is_listed(tmp_path: object) -> None:
    """The module that makes it brings it in."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write(FILES["classes"])
    made = plugin("classes", "'odd'")
    app.write(
        {
            "app/readers/zz.py": f"""
                import sys, types
                made = types.ModuleType(__package__ + ".made")
                sys.modules[made.__name__] = made
                exec({made!r}, made.__dict__)
                """
        }
    )
    listing = f"{LIST['classes']}\nout = [sorted(REG), REG.report.status, REG['odd'].__name__]"

    cold, warm = app.run(listing), app.run(listing)

    assert [[["csv", "json", "odd"], "miss", "Odd"], [["csv", "json", "odd"], "hit", "Odd"]] == [
        cold,
        warm,
    ]


def test_program_of_a_package_is_listed_but_named_by_no_file(kind: str, app: App) -> None:
    """To import ``__main__`` is to run a program: no cache file may say that it is to be."""
    odd = plugin(kind, "'odd'")
    folder = FOLDER[kind]
    app.write({f"app/{folder}/zz.py": "from . import __main__", f"app/{folder}/__main__.py": odd})
    listing = (
        "import warnings; warnings.simplefilter('ignore')\n"
        f"{LIST[kind]}\nout = [sorted(REG), REG['odd'].__name__.lower()]"
    )

    assert [[sorted([*LISTED[kind], "odd"]), "odd"]] * 2 == [app.run(listing), app.run(listing)]


@pytest.mark.parametrize("where", ["before", "after"])
def test_module_that_no_plugin_imports_is_none_of_them(where: str, kind: str, app: App) -> None:
    """What only a program imports is not there in the next one, so it is not listed."""
    app.write({f"app/{FOLDER[kind]}/more/odd.py": plugin(kind, "'odd'")})
    head = f"import app.{FOLDER[kind]}.more.odd\n" if where == "before" else ""

    app.run(f"{head}{LIST[kind]}\nout = sorted(REG)")

    assert LISTED[kind] == app.run(f"{LIST[kind]}\nout = sorted(REG)")


@pytest.mark.parametrize("name", ["lib", "lib.b"])
def test_misnamed_class_of_a_library_is_stored(name: str, tmp_path: object) -> None:
    """One that names the package, which does not have it, is loaded by its own module."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write({"lib_base.py": "class Base: ...\n", "lib/__init__.py": "", "lib/a.py": ""})
    text = f"from lib_base import Base\nclass E(Base): ...\nE.__module__ = {name!r}\n"
    app.write({"lib/b.py": text})
    code = """
        from lib_base import Base
        from regcache_meta import LazyDiscoveryDict
        REG = LazyDiscoveryDict.for_package("lib", Base)
        out = [*REG], REG["E"].__name__, REG.report.status
        """

    seen = [app.run(code) for _ in range(3)]

    assert [[["E"], "E", status] for status in ("miss", "hit", "hit")] == seen

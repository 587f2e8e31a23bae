"""A plugin that is executed anew with another key: it has that one alone, everywhere."""

import pytest
from throwaway import App

APP = {
    "app/__init__.py": """
        from regcache_meta import {way_name}, LazyDiscoveryDict, SecondaryRegistry
        PARTS = {{}}
        class Base({way}):
            __registry_key__ = "key"
            __registry__ = {registry}
            __secondary_registries__ = [SecondaryRegistry(PARTS, "primary", "part")]
        """,
    "app/a.py": "from app import Base\nclass A(Base):\n    key, part = 'a', 'A1'\n",
    "app/b.py": "from app import Base\nclass B(Base):\n    key, part = 'b', 'B1'\n"
    "for name in 'xy':\n    class Many(Base): key = name\n",
}
#: How a module is executed anew, after ``import app.b``.
AGAIN = {
    "reload": "importlib.reload(app.b)",
    "imported once more": "del sys.modules['app.b']\nimportlib.import_module('app.b')",
    "namespace cleared first": "kept = {n: vars(app.b)[n] for n in ('__name__', '__loader__')}\n"
    "vars(app.b).clear()\nvars(app.b).update(kept)\nimportlib.reload(app.b)",
    "autoreload of IPython": """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "autoreload")
shell.run_line_magic("autoreload", "2")
shell.run_cell("import app.b")
write()
shell.run_cell("pass")
""",
}
EDIT = """
import importlib, os, sys, warnings
import app, app.a, app.b
file = app.b.__file__
def write():
    with open(file) as opened: text = opened.read()
    with open(file, "w") as opened: opened.write(text.replace("'b', 'B1'", "'b2', 'B2'"))
    os.utime(file, (2e9, 2e9))
"""
OUT = """
registry = app.Base.__registry__
out = [sorted(registry), sorted(app.PARTS.items()), registry["b2"] is sys.modules["app.b"].B]
"""
RIGHT = [["a", "b2", "x", "y"], [["a", "A1"], ["b2", "B2"]], True]


@pytest.mark.parametrize("listed", [False, True], ids=["first use", "listed before"])
@pytest.mark.parametrize("registry", ["LazyDiscoveryDict()", "{}"])
@pytest.mark.parametrize("way", ["AutoRegisterMeta", "AutoRegister"])
@pytest.mark.parametrize("again", AGAIN)
def test_new_key_takes_the_place_of_the_old(
    again: str, way: str, registry: str, listed: bool, app: App
) -> None:
    """Also in secondary registries; classes that one execution makes under one name all stay."""
    if "IPython" in AGAIN[again]:
        pytest.importorskip("IPython")
    base = way if way == "AutoRegister" else f"metaclass={way}"
    text = APP["app/__init__.py"].format(way_name=way, way=base, registry=registry)
    app.write({**APP, "app/__init__.py": text})
    first = "list(app.Base.__registry__); list(app.PARTS)\n" if listed else ""
    change = AGAIN[again] if "write()" in AGAIN[again] else f"write()\n{AGAIN[again]}"

    seen = app.run(f"{EDIT}{first}{change}\n{OUT}")

    assert RIGHT == seen


#: Registries that are not filled by class statements: how they are made, and their plugins.
OTHERS = {
    "functions": (
        "from regcache_functions import FunctionRegistry\n"
        "REG = FunctionRegistry('all', package='app')",
        "from app import REG\n@REG.register('{0}')\ndef f(): ...\nREG.register('also')(f)\n"
        "for name in 'xy':\n    @REG.register(name)\n    def many(): ...\n",
        "",
    ),
    "classes that are searched": (
        "from regcache_meta import LazyDiscoveryDict\nclass Base: ...\n"
        "REG = LazyDiscoveryDict.for_package('app', Base, key='key')",
        "from app import Base\nclass f(Base): key = '{0}'\n"
        "class Also(Base): key = 'also'\nclass X(Base): key = 'x'\nclass Y(Base): key = 'y'\n",
        "app.REG.refresh()\n",
    ),
}


@pytest.mark.parametrize("listed", [False, True], ids=["first use", "listed before"])
@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("again", AGAIN)
def test_new_name_takes_the_place_of_the_old(again: str, kind: str, listed: bool, app: App) -> None:
    """Functions at once, and classes that know nothing of registries as they are searched anew."""
    if "IPython" in AGAIN[again]:
        pytest.importorskip("IPython")
    registry, plugins, refresh = OTHERS[kind]
    app.write({"app/__init__.py": registry, "app/a.py": "", "app/b.py": plugins.format("b")})
    edit = EDIT.replace("\"'b', 'B1'\", \"'b2', 'B2'\"", "\"'b'\", \"'b2'\"")
    assert edit != EDIT
    first = "list(app.REG)\n" if listed else ""
    change = AGAIN[again] if "write()" in AGAIN[again] else f"write()\n{AGAIN[again]}"
    # IPython has functions that are patched, and others that are registered.
    is_same = (
        "app.REG['b2'].__qualname__ == 'f'"
        if "IPython" in AGAIN[again]
        else "app.REG['b2'] is sys.modules['app.b'].f"
    )
    out = f"out = sorted(app.REG), {is_same}"

    seen = app.run(f"{edit}{first}{change}\n{refresh}{out}")

    assert [["also", "b2", "x", "y"], True] == seen


@pytest.mark.parametrize("name", ["<module>", "<cell line: 1>"])
def test_cell_that_runs_again_declares_its_class_anew(name: str, app: App) -> None:
    """Another key in the cell of a notebook is the class's only one; its functions keep theirs."""
    code = f"""
        from regcache_meta import AutoRegisterMeta
        class Base(metaclass=AutoRegisterMeta):
            __registry_key__ = "key"
        def run(cell):
            exec(compile(cell, "cell", "exec").replace(co_name={name!r}), globals())
        run("class P(Base): key = 'old'")
        run("class P(Base): key = 'new'")
        run("def make(name): return type('Q', (Base,), {{'key': name}})")
        run("a = make('a')"); run("b = make('b')")
        from regcache_functions import FunctionRegistry
        functions = FunctionRegistry("cells")
        run("@functions.register('old')\\ndef f(): ...")
        run("@functions.register('new')\\ndef f(): ...")
        run("@functions.register('other')\\ndef g(): ...")
        out = [*Base.__registry__], [*functions]
        """

    seen = app.run(code)

    assert [["new", "a", "b"], ["new", "other"]] == seen

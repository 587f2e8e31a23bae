"""Which modules of an application are watched, and what those that were loaded early lacked."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from throwaway import App

from regcache_core.watching import _Code, _code_of

STATEMENTS = {
    "plain": "import a\nimport b.c, d as e",
    "from": "from a.b import c, d as e\nfrom f import *",
    "relative": "from . import a\nfrom .b import c\nfrom .. import d\nfrom ..e.f import g",
    "in functions and classes": "def f():\n    import a\n    class B:\n        from c import d\n",
    "in branches": "try:\n    import a\nexcept ImportError:\n    from b import a\nif a: import c",
    "more than a byte counts": "\n".join(f"import m{i}\nx{i} = 'text {i}'" for i in range(700)),
}


def imports_told_by_ast(text: str, package: list[str]) -> set[tuple[str, tuple[str, ...]]]:
    """What the syntax tree of some text says that it imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found.update((each.name, ()) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            home = ".".join([*above, *filter(None, [node.module])])
            found.add((home, tuple(each.name for each in node.names)))
    return found


@pytest.mark.parametrize("name", STATEMENTS)
def test_imports_are_read_from_byte_code(name: str) -> None:
    """Byte code tells the import statements that the syntax tree tells, names included."""
    text, package = STATEMENTS[name], ["app", "sub"]

    code = _Code(compile(text, "<test>", "exec"), package)

    assert imports_told_by_ast(text, package) == set(code.imports)


@pytest.mark.parametrize("module", ["json", "asyncio.base_events", "importlib.metadata", "typing"])
def test_imports_of_pythons_own_modules_are_read_from_byte_code(module: str) -> None:
    """So they do in modules that nobody here has written."""
    loaded = importlib.import_module(module)
    text = Path(str(loaded.__file__)).read_text(encoding="utf-8")
    package = module.split(".") if hasattr(loaded, "__path__") else module.split(".")[:-1]

    read = set(_code_of(module).imports)

    assert imports_told_by_ast(text, package) == read


def test_module_whose_code_cannot_be_had_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been edited or removed since it was imported, or have no loader at all."""

    class Loader:
        def get_code(self, name: str) -> CodeType:
            raise SyntaxError(name)

    for name, loader in (("broken_since", Loader()), ("without_loader", None)):
        module = type(sys)(name)
        module.__loader__ = loader  # type: ignore[assignment]
        monkeypatch.setitem(sys.modules, name, module)

        assert [] == _code_of(name).imports


#: A registry of classes in ``app.pack``; ``app.early`` is imported where it is declared.
FILES = {
    "app/__init__.py": "",
    "app/early.py": "",
    "app/unused.py": "x = 1\n",
    "app/base.py": """
        import app.early, app.unused
        from regcache_meta import LazyDiscoveryDict
        class Base: pass
        REG = LazyDiscoveryDict.for_package("app.pack", Base)
        """,
    "app/pack/__init__.py": "",
    "app/pack/one.py": "from app.base import Base\nfrom app import early\nclass One(Base): pass\n",
    "script_helper.py": "x = 1\n",
    "named_helper.py": "x = 1\n",
}
LIST = "from app.base import REG\nout = [*REG], REG.report.status, REG.report.where"


@pytest.fixture
def listed(app: App) -> Iterator[App]:
    """The application, listed once by a script that has loaded two modules of its own before."""
    app.write(FILES)
    app.write({"app/pack/two.py": "import importlib\nimportlib.import_module('named_helper')\n"})
    app.run(f"import script_helper, named_helper\n{LIST}")
    assert "hit" == app.run(LIST)[1]
    yield app


@pytest.mark.parametrize(
    ("file", "status"),
    [
        ("app/early.py", "miss"),
        ("app/unused.py", "miss"),  # loaded, if by nobody that is known to matter
        ("named_helper.py", "miss"),
        ("script_helper.py", "hit"),
    ],
)
def test_editable_modules_of_the_application_are_watched(
    file: str, status: str, listed: App
) -> None:
    """All that are loaded, whoever imported them; others if plugins name them in their code."""
    listed.write({file: "x = 2\n"})

    assert status == listed.run(LIST)[1]


#: What is imported early, if it can be, and the file that makes it possible.
MISSING = {
    "module": ("import opt", "opt.py"),
    "sub-module": ("import app.opt", "app/opt.py"),
    "sub-module, relative": ("from . import opt", "app/opt.py"),
    "name in a package": ("from app import opt", "app/opt.py"),
    "in a function": ("def f(): import opt\n    f()", "opt.py"),
}


@pytest.mark.parametrize("how", MISSING)
def test_what_an_early_module_lacked_is_looked_for(how: str, app: App) -> None:
    """A module that was loaded before the discovery, and did without another, is tried again."""
    statement, file = MISSING[how]
    app.write({**FILES, "app/early.py": f"try:\n    {statement}\nexcept ImportError: pass\n"})
    app.run(LIST)
    assert "hit" == app.run(LIST)[1]
    app.write({file: ""})

    status, where = app.run(LIST)[1:]

    assert "miss" == status
    assert "opt" in where

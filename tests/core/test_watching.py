"""Which modules of an application are watched, and what those that were loaded early lacked."""

from __future__ import annotations

import ast
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import CodeType

import pytest
from throwaway import App

from regcache_core.discovery._cold.loaded import _codes_of, _imports_in, _inner_imports

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
    return imports_of([*ast.walk(ast.parse(text))], package)


def imports_of(nodes: list[ast.AST], package: list[str]) -> set[tuple[str, tuple[str, ...]]]:
    """What some nodes of a syntax tree import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update((each.name, ()) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            home = ".".join([*above, *filter(None, [node.module])])
            found.add((home, tuple(each.name for each in node.names)))
    return found


def imports_read(spec: ModuleSpec, package: list[str]) -> set[tuple[str, tuple[str, ...]]]:
    """What the code of a module says that it imports."""
    return {each for code in _codes_of(spec) for each in _imports_in(code, package)}


class TextLoader:
    """Gives the code of some text, as the loader of a module."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_code(self, name: str) -> CodeType:
        return compile(self.text, name, "exec")


@pytest.mark.parametrize("name", STATEMENTS)
def test_imports_are_read_from_byte_code(name: str) -> None:
    """Byte code tells the import statements that the syntax tree tells, names included."""
    text, package = STATEMENTS[name], ["app", "sub"]

    spec = ModuleSpec("app.sub.module", TextLoader(text))  # type: ignore[arg-type]

    assert imports_told_by_ast(text, package) == imports_read(spec, package)


@pytest.mark.parametrize("module", ["json", "asyncio.base_events", "importlib.metadata", "typing"])
def test_imports_of_pythons_own_modules_are_read_from_byte_code(module: str) -> None:
    """So they do in modules that nobody here has written."""
    spec = find_spec(module)
    text = Path(str(spec and spec.origin)).read_text(encoding="utf-8")
    is_package = spec is not None and spec.submodule_search_locations is not None
    package = module.split(".") if is_package else module.split(".")[:-1]

    assert spec is not None
    assert imports_told_by_ast(text, package) == imports_read(spec, package)


@pytest.mark.parametrize("loader", [TextLoader("1 +"), None])
def test_module_whose_code_cannot_be_had_imports_nothing(loader: TextLoader | None) -> None:
    """It may have been edited or removed since it was imported, or have no loader at all."""
    spec = ModuleSpec("edited_since", loader)  # type: ignore[arg-type]

    assert [] == _codes_of(spec)


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
LIST = "from app.base import REG\nout = [*REG], REG.report.status"


@pytest.mark.parametrize(
    ("file", "status"),
    [
        ("app/early.py", "miss"),
        ("app/unused.py", "miss"),  # loaded, if by nobody that is known to matter
        ("named_helper.py", "miss"),
        ("script_helper.py", "hit"),
    ],
)
def test_editable_modules_of_the_application_are_watched(file: str, status: str, app: App) -> None:
    """All that are loaded, whoever imported them; others if plugins name them in their code."""
    app.write(FILES)
    app.write({"app/pack/two.py": "import importlib\nimportlib.import_module('named_helper')\n"})
    app.run(f"import script_helper, named_helper\n{LIST}")
    assert "hit" == app.run(LIST)[1]

    app.write({file: "x = 2\n"})

    assert status == app.run(LIST)[1]


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

    assert "miss" == app.run(LIST)[1]


#: What keeps an early module from having another of its application, and what mends it.
FAILING = {
    "lacks a module": ("import opt", "opt.py", ""),
    "lacks a module, in a package": ("from . import deep", "app/broken/deep.py", ""),
    "is edited": ("raise ImportError", "app/broken/__init__.py", "mended = True"),
}


@pytest.mark.parametrize(
    ("how", "place"), [*((how, "") for how in FAILING), ("lacks a module", "site-packages/")]
)
@pytest.mark.parametrize("registry", ["first", "second"])
def test_module_that_an_early_one_could_not_import_is_tried_again(
    how: str, place: str, registry: str, app: App
) -> None:
    """What it lacked counts, though no module that is loaded asked for that itself."""
    statement, file, text = FAILING[how]
    files = {
        **FILES,
        "app/early.py": "try:\n    from app import broken\nexcept ImportError: broken = None\n",
        "app/broken/__init__.py": statement,
        "app/pack/one.py": """
            from app import base, early
            class One(base.Base): pass
            if early.broken:
                class Two(base.Base): pass
            """,
        "app/other/__init__.py": "",
    }
    if registry == "second":  # the first one's discovery imports it, and hears of the failure
        files["app/base.py"] = """
            from regcache_meta import LazyDiscoveryDict
            class Base: pass
            FIRST = LazyDiscoveryDict.for_package("app.other", Base)
            REG = LazyDiscoveryDict.for_package("app.pack", Base)
            """
        files["app/other/__init__.py"] = "import app.early"
    app.write({f"{place}{name}": text for name, text in files.items()})
    listing = f"import sys; sys.path.append({str(app.folder / place)!r})\nfrom app import base\n"
    listing += "list(getattr(base, 'FIRST', {}))\nREG = base.REG\nout = [*REG], REG.report.status"
    assert ["One"] == app.run(listing)[0]
    assert "hit" == app.run(listing)[1]
    app.write({f"{place}{file}": text})

    assert ["One", "Two"] == app.run(listing)[0]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("import a\nfrom b import c\n", []),
        ("'''Texts that say import, or imports.'''\nfrom b import (\n    c\n)\n", []),
        ("def f():\n\tfrom a.b import c, d as e  # why\n", [("a.b", ("c", "d"))]),
        ("def f():\n    import a.b, c as d\n", [("a.b", ()), ("c", ())]),
        (
            "def f():\n    from a import (  # all\n        b,\n        c as d,\n    )\n",
            [("a", ("b", "c"))],
        ),
        (
            "def f():\n    from . import a\n    from .b import c\n",
            [("app", ("a",)), ("app.b", ("c",))],
        ),
        ("class A:\n    from a import*\n", [("a", ("*",))]),
        ("# then import it\n", []),
        ("try:\n    import a\nexcept ImportError: pass\n", None),
        ("try: import a\nexcept ImportError: pass\n", None),
        ("try:\n    import os\nexcept ImportError:\n    import sys\n", [("os", ()), ("sys", ())]),
        ("import b\nwith b.ignored():\n    import a\n", None),
        ("if b:\n    try:\n        import a\n    except ImportError: pass\n", None),
        ("class A:\n    with b:\n        import a\n", None),
        ("def f():\n    try:\n        import a\n    except ImportError: pass\n", [("a", ())]),
        ("if b:\n    import a\nelse:\n    from c import a\n", [("a", ()), ("c", ("a",))]),
        ("x = (\n'text'\n    import a\n", None),
        ("x = 1; import a\n", None),
        ("if x: import a\n", None),
        ("from a \\\n    import b\n", None),
        ("def f():\n    import a, \\\n        b\n", None),
        ("def f():\n    import a; import b\n", None),
    ],
)
def test_inner_imports_are_found_in_the_text(text: str, answer: object, tmp_path: Path) -> None:
    """Or the code has to tell, where an import at the top may have failed, or is hard to read."""
    file = tmp_path / "module.py"
    file.write_text(f"\n{text}")

    assert answer == _inner_imports(ModuleSpec("module", None, origin=str(file)), ["app"])
    assert _inner_imports(ModuleSpec("module", None, origin=str(tmp_path / "gone")), []) is None
    assert _inner_imports(None, []) is None


def test_inner_imports_of_pythons_own_modules_are_all_found() -> None:
    """In 500 files that nobody here has written; what a docstring shows may be one more."""
    place = Path(ast.__file__).parent
    files = [*place.glob("*.py"), *place.glob("[a-su-z]*/*.py")]  # those of tests may be wrong
    read, complete = 0, True
    for file in files:
        found = _inner_imports(ModuleSpec("module", None, origin=str(file)), ["app", "sub"])
        if found is not None:
            text = file.read_text(encoding="utf-8", errors="replace")
            inner = [node for node in ast.walk(ast.parse(text)) if getattr(node, "col_offset", 0)]
            told = imports_of([*inner], ["app", "sub"])
            read, complete = read + 1, complete and told <= {*found}

    assert read > 300
    assert complete

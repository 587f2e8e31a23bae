"""The public names of regcache_functions: sorted, there, documented; examples in them run."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from throwaway import App

import regcache_functions

MODULES = sorted(
    module.name
    for module in pkgutil.iter_modules(regcache_functions.__path__)
    if module.name != "__main__"
)
ROOT = Path(__file__).resolve().parents[2]


def test_names_are_sorted_and_all_resolve() -> None:
    """``__all__`` is sorted as ruff sorts it, without repetition, and each name is there."""
    names = regcache_functions.__all__
    kinds = [(not name.isupper(), not name[0].isupper(), name) for name in names]

    assert sorted(set(kinds)) == kinds
    assert [] == [name for name in names if not hasattr(regcache_functions, name)]
    assert set(names) <= set(dir(regcache_functions))


def test_names_are_listed_once_for_checkers_and_once_for_python() -> None:
    """The lists for checkers, for ``__getattr__`` and ``__all__`` name the same."""
    source = inspect.getsource(regcache_functions)
    block = source.partition("if TYPE_CHECKING:")[2].partition("__all__")[0]
    imported = re.findall(r"[A-Za-z_]\w*", re.sub(r"from \.\w+ import|#.*", "", block))

    assert sorted(regcache_functions.__all__) == sorted(regcache_functions._MODULES)
    assert sorted(regcache_functions.__all__) == sorted(imported)


def test_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name is refused as in any module."""
    with pytest.raises(AttributeError, match="'regcache_functions' has no attribute 'Nothing'"):
        regcache_functions.Nothing  # noqa: B018


def test_every_public_name_is_documented() -> None:
    """Each class, method and function has a docstring, and stands in the reference."""
    reference = (ROOT / "docs/api/functions.rst").read_text()
    missing = []
    for name in regcache_functions.__all__:
        value = getattr(regcache_functions, name)
        if name != "__version__" and not re.search(rf"\b{name}\b", reference):
            missing.append(f"{name} in docs/api/functions.rst")
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        if not value.__doc__:
            missing.append(name)
        members = vars(value).items() if inspect.isclass(value) else ()
        missing += [
            f"{name}.{member}"
            for member, each in members
            if member[0] != "_"
            and callable(getattr(each, "__func__", each))
            and not inspect.getdoc(getattr(value, member))
        ]

    assert [] == missing


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name: str) -> None:
    """The doctests of each module run; where a public module shows an example, it is true."""
    module = importlib.import_module(f"regcache_functions.{name}")
    names = {name: getattr(regcache_functions, name) for name in regcache_functions.__all__}

    failed, _ = doctest.testmod(module, extraglobs=names)

    assert 0 == failed
    assert module.__doc__ or name == "__about__"


def test_some_examples_are_there() -> None:
    """The doctest run is one: it finds the examples of the registry and of its scan."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        test.name
        for name in MODULES
        for test in finder.find(importlib.import_module(f"regcache_functions.{name}"))
        if test.examples
    ]

    assert "regcache_functions.registry.FunctionRegistry" in found
    assert "regcache_functions.registry.FunctionRegistry.scan" in found


def test_eager_mode_resolves_everything(app: App) -> None:
    """``REGCACHE_EAGER_IMPORT=1`` resolves all names at import; without it none."""
    code = """
        import regcache_functions
        out = sorted(set(regcache_functions.__all__) & set(vars(regcache_functions)))
        """

    assert [] == app.run(code)
    assert sorted(regcache_functions.__all__) == app.run(code, REGCACHE_EAGER_IMPORT="1")

"""The public names of regcache_meta: sorted, there, documented; examples in them run."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from throwaway import App

import regcache_meta

MODULES = sorted(module.name for module in pkgutil.iter_modules(regcache_meta.__path__))
ROOT = Path(__file__).resolve().parents[2]


def test_names_are_sorted_and_all_resolve() -> None:
    """``__all__`` is sorted as ruff sorts it, without repetition, and each name is there."""
    names = regcache_meta.__all__
    kinds = [(not name.isupper(), not name[0].isupper(), name) for name in names]

    assert sorted(set(kinds)) == kinds
    assert [] == [name for name in names if not hasattr(regcache_meta, name)]
    assert set(names) <= set(dir(regcache_meta))


def test_names_are_listed_once_for_checkers_and_once_for_python() -> None:
    """The lists for checkers, for ``__getattr__`` and ``__all__`` name the same."""
    source = inspect.getsource(regcache_meta)
    block = source.partition("if TYPE_CHECKING:")[2].partition("_MODULES")[0]
    imported = re.findall(r"[A-Za-z_]\w*", re.sub(r"from \.\w+ import|#.*", "", block))

    assert sorted(regcache_meta.__all__) == sorted(regcache_meta._MODULES)
    assert sorted(regcache_meta.__all__) == sorted(imported)


def test_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name is refused as in any module."""
    with pytest.raises(AttributeError, match="module 'regcache_meta' has no attribute 'Nothing'"):
        regcache_meta.Nothing  # noqa: B018


def test_every_public_name_is_documented() -> None:
    """Each class, method and function has a docstring, and stands in the reference."""
    reference = (ROOT / "docs/api/meta.rst").read_text()
    missing = []
    for name in regcache_meta.__all__:
        value = getattr(regcache_meta, name)
        if name != "__version__" and not re.search(rf"\b{name}\b", reference):
            missing.append(f"{name} in docs/api/meta.rst")
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
    module = importlib.import_module(f"regcache_meta.{name}")

    failed, _ = doctest.testmod(module)

    assert 0 == failed
    assert module.__doc__ or name == "__about__"


def test_some_examples_are_there() -> None:
    """The doctest run is one: it finds the examples of the metaclass and of the dictionary."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        test.name
        for name in MODULES
        for test in finder.find(importlib.import_module(f"regcache_meta.{name}"))
        if test.examples
    ]

    assert "regcache_meta.registration.AutoRegisterMeta" in found
    assert "regcache_meta.lazydict.LazyDiscoveryDict" in found


def test_eager_mode_resolves_everything(app: App) -> None:
    """``REGCACHE_EAGER_IMPORT=1`` resolves all names at import; without it none."""
    code = """
        import regcache_meta
        out = sorted(set(regcache_meta.__all__) & set(vars(regcache_meta)))
        """

    assert [] == app.run(code)
    assert sorted(regcache_meta.__all__) == app.run(code, REGCACHE_EAGER_IMPORT="1")

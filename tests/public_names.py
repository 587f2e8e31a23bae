"""What the public names of a package have in common, as tests that its own subclass."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest
from throwaway import App

DOCS = Path(__file__).resolve().parents[1] / "docs"


class PublicNames:
    """Sorted, there, documented; examples in them run."""

    #: The package.
    package: ClassVar[ModuleType]
    #: The page of its reference, in the folder of the documentation.
    reference: ClassVar[str]
    #: Places of which each has an example, as doctest names them.
    examples: ClassVar[tuple[str, ...]]
    #: Whether examples use the names without an import.
    names_are_given: ClassVar[bool] = False

    def modules(self) -> list[ModuleType]:
        """The modules of the package, but for its program."""
        names = sorted(module.name for module in pkgutil.iter_modules(self.package.__path__))
        return [
            importlib.import_module(f"{self.package.__name__}.{name}")
            for name in names
            if name != "__main__"
        ]

    def test_names_are_sorted_and_all_resolve(self) -> None:
        """``__all__`` is sorted as ruff sorts it, without repetition, and each name is there."""
        names = self.package.__all__
        kinds = [(not name.isupper(), not name[0].isupper(), name) for name in names]

        assert sorted(set(kinds)) == kinds
        assert [] == [name for name in names if not hasattr(self.package, name)]
        assert set(names) <= set(dir(self.package))

    def test_names_are_listed_once_for_checkers_and_once_for_python(self) -> None:
        """The lists for checkers, for ``__getattr__`` and ``__all__`` name the same."""
        source = inspect.getsource(self.package).partition("if TYPE_CHECKING:")[2]
        block = re.split(r"_MODULES|__all__", source)[0]
        imported = re.findall(r"[A-Za-z_]\w*", re.sub(r"from [.\w]+ import|#.*", "", block))

        assert sorted(self.package.__all__) == sorted(self.package._MODULES)
        assert sorted(self.package.__all__) == sorted(imported)

    def test_unknown_name_is_an_attribute_error(self) -> None:
        """A misspelt name is refused as in any module."""
        name = self.package.__name__
        with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'Nothing'"):
            self.package.Nothing  # noqa: B018

    def test_every_public_name_is_documented(self) -> None:
        """Each class, method and function has a docstring, and stands in the reference."""
        reference = (DOCS / self.reference).read_text()
        missing = []
        for name in self.package.__all__:
            value = getattr(self.package, name)
            if name != "__version__" and not re.search(rf"\b{name}\b", reference):
                missing.append(f"{name} in {self.reference}")
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            if not value.__doc__:
                missing.append(name)
            members = vars(value).items() if inspect.isclass(value) else ()
            missing += [
                f"{name}.{member}"
                for member, each in members
                if member[0] != "_"
                and (callable(getattr(each, "__func__", each)) or isinstance(each, property))
                and not inspect.getdoc(getattr(value, member))
            ]

        assert [] == missing

    def test_examples_in_docstrings_run(self) -> None:
        """The doctests of each module run; where a public module shows an example, it is true."""
        names = self.package.__all__ if self.names_are_given else ()
        given = {name: getattr(self.package, name) for name in names}
        tried = {each: doctest.testmod(each, extraglobs=given) for each in self.modules()}

        assert [] == [module.__name__ for module, each in tried.items() if each.failed]
        assert [] == [
            module.__name__
            for module in tried
            if not module.__doc__ and not module.__name__.endswith(".__about__")
        ]

    def test_some_examples_are_there(self) -> None:
        """The doctest run is one: it finds the examples that are expected."""
        finder = doctest.DocTestFinder(exclude_empty=True)
        found = {
            test.name for module in self.modules() for test in finder.find(module) if test.examples
        }

        assert self.examples
        assert set(self.examples) <= found

    def test_eager_mode_resolves_everything(self, app: App) -> None:
        """``REGCACHE_EAGER_IMPORT=1`` resolves all names at import; without it none."""
        code = f"""
            import {self.package.__name__} as package
            out = sorted(set(package.__all__) & set(vars(package)))
            """

        assert [] == app.run(code)
        assert sorted(self.package.__all__) == app.run(code, REGCACHE_EAGER_IMPORT="1")

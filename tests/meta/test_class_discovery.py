"""``discover_registry_classes`` and ``_recursive``: the loop, and what fails in it."""

from collections.abc import Callable
from typing import Any

import pytest
from throwaway import App

from regcache_meta import (
    DiscoveryError,
    DiscoveryWarning,
    discover_registry_classes,
    discover_registry_classes_recursive,
)

TREE = {
    "tree/__init__.py": "class Base: pass\n",
    "tree/b.py": "from tree import Base\nclass B2(Base): pass\nclass B1(Base): pass\nAlias = B1\n",
    "tree/a.py": "from tree import Base\nfrom tree.b import B1\nclass A(Base): pass\n",
    "tree/sub/__init__.py": "from tree import Base\nclass Sub(Base): pass\n",
    "tree/sub/leaf.py": "from tree import Base\nclass Leaf(Base): pass\n",
    "tree/__main__.py": "raise SystemExit\n",
}


@pytest.fixture
def tree(app: App) -> App:
    """A package of two modules and a sub-package."""
    app.write(TREE)
    return app


def discover(
    tree: App, function: Callable[..., list[type]] = discover_registry_classes, **arguments: Any
) -> list[str]:
    """Names of the classes that are found."""
    package = tree.load("tree")
    found = function(package.__path__, "tree.", package.Base, **arguments)
    return [cls.__name__ for cls in found]


BOTH = pytest.mark.parametrize(
    "function", [discover_registry_classes, discover_registry_classes_recursive]
)


@pytest.mark.parametrize(
    ("function", "arguments", "names"),
    [
        (discover_registry_classes, {}, ["A", "B2", "B1"]),
        (discover_registry_classes, {"skip_packages": False}, ["A", "B2", "B1", "Sub"]),
        (discover_registry_classes_recursive, {}, ["A", "B2", "B1", "Sub", "Leaf"]),
    ],
)
def test_own_classes_come_in_order(
    function: Callable[..., list[type]], arguments: dict[str, bool], names: list[str], tree: App
) -> None:
    """Classes come by module and definition, each once; those of sub-packages where wanted."""
    assert names == discover(tree, function, **arguments)


@BOTH
def test_excluded_modules_are_not_imported(function: Callable[..., list[type]], tree: App) -> None:
    """A module whose name contains an excluded part is not imported."""
    tree.write({"tree/bad.py": "1 / 0\n"})

    assert ["A"] == discover(tree, function, exclude_modules=["tree.b", "sub", "bad"])


@BOTH
def test_validation_function_decides(function: Callable[..., list[type]], tree: App) -> None:
    """``validation_func`` says which classes count."""
    found = discover(tree, function, validation_func=lambda cls: cls.__name__.startswith("B"))

    assert ["B2", "B1"] == found


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("import nothing_like_this\n", "ModuleNotFoundError: No module named 'nothing_like_this'"),
        ("def f(:\n", "SyntaxError: "),
        ("raise Exception\n", "Exception: "),
    ],
)
def test_broken_module_costs_only_itself(text: str, cause: str, tree: App) -> None:
    """One warning names the module and the cause; all others are found."""
    tree.write({"tree/aa.py": text})
    with pytest.warns(DiscoveryWarning) as caught:
        found = discover(tree)

    assert ["A", "B2", "B1"] == found
    assert 1 == len(caught)
    assert str(caught[0].message).startswith(f"tree.aa failed to import: {cause}")


@BOTH
def test_strict_raises(function: Callable[..., list[type]], tree: App) -> None:
    """``strict=True`` is a DiscoveryError that names the module, with the cause chained."""
    tree.write({"tree/aa.py": "1 / 0\n"})
    with pytest.raises(DiscoveryError, match=r"tree\.aa: ZeroDivisionError") as caught:
        discover(tree, function, strict=True)

    assert ("tree.aa", "ZeroDivisionError: division by zero") == (
        caught.value.name,
        caught.value.problem,
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_broken_sub_package_costs_its_modules_too(tree: App) -> None:
    """Without its package a module cannot be imported; the rest is found."""
    tree.write({"tree/sub/__init__.py": "1 / 0\n"})
    with pytest.warns(DiscoveryWarning, match=r"tree\.sub failed"):
        found = discover(tree, discover_registry_classes_recursive)

    assert ["A", "B2", "B1"] == found


BESIDE = {
    "app/__init__.py": "",
    "app/base.py": """
        from regcache_meta import AutoRegisterMeta
        class Base(metaclass=AutoRegisterMeta):
            __registry_key__ = "key"
            {0}
        """,
    "app/other.py": "from app.base import Base\nclass Other(Base): key = 'other'\n",
    "app/plugins/__init__.py": "",
    "app/plugins/a.py": "from app.base import Base\nclass A(Base): key = 'a'\nclass B(Base): ...\n",
}


@pytest.mark.parametrize(
    ("declared", "keys", "skipped", "status"),
    [
        ("", ["a", "other"], {"app.plugins.a:B": "it has no key"}, "miss"),
        (
            "__registry_package__ = 'app.plugins'",
            ["a"],
            {"app.plugins.a:B": "it has no key"},
            "miss",
        ),
        (
            "__registry_exclude__ = ['plugins']",
            ["other"],
            {"app.plugins": "excluded by 'plugins'"},
            "miss",
        ),
        ("__registry_discover__ = False", [], {}, None),
    ],
)
def test_attributes_say_what_is_searched(
    declared: str, keys: list[str], skipped: dict[str, str], status: str | None, app: App
) -> None:
    """A package beside the base class, all but some of it, or nothing; cold and warm."""
    app.write({**BESIDE, "app/base.py": BESIDE["app/base.py"].format(declared)})
    listing = """
        from app.base import Base
        registry = Base.__registry__
        out = [sorted(registry), registry.skipped, registry.report and registry.report.status]
        import app.other
        out.append(sorted({*registry} - {*out[0]}))
        """

    seen = [app.run(listing), app.run(listing)]

    later = [] if "other" in keys else ["other"]
    assert [keys, skipped, status, later] == seen[0]
    assert [keys, skipped, status and "hit", later] == seen[1]

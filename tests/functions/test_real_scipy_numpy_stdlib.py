"""SciPy, NumPy and the standard library as they are installed, compared with what they publish."""

import builtins
import importlib
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from regcache_functions import FunctionRegistry

pytestmark = pytest.mark.real

APPS = Path(__file__).resolve().parents[1] / "apps"


@pytest.fixture(scope="module")
def published() -> Iterator[ModuleType]:
    """What libraries say that they publish."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(APPS))
        yield importlib.import_module("published")


def scan(library: str, **options: Any) -> FunctionRegistry[Any]:
    """All functions of a library."""
    registry: FunctionRegistry[Any] = FunctionRegistry.scan(library, enable_cache=False, **options)
    return registry


def reachable(registry: FunctionRegistry[Any], library: str) -> set[str]:
    """All names that functions can be asked for by, in full."""
    infos = [registry.info(name) for name in registry]
    return {f"{library}.{each}" for info in infos for each in (info.qualname, *info.aliases)}


@pytest.mark.parametrize(
    ("library", "function"),
    [
        ("scipy.ndimage", "ndimage_functions"),
        ("scipy.signal", "signal_functions"),
        ("statistics", "statistics_functions"),
        ("math", "math_functions"),
    ],
)
def test_all_that_a_library_publishes_is_found_and_no_more(
    library: str, function: str, published: Any
) -> None:
    """The library itself, without the modules below, gives what its ``__all__`` or names say."""
    pytest.importorskip(library.partition(".")[0])
    registry = scan(library, recursive=False)

    assert getattr(published, function)() == reachable(registry, library)
    assert ({}, {}) == (registry.failures, registry.rejected)


def test_modules_below_scipy_signal_add_windows_and_nothing_else(published: Any) -> None:
    """Deprecated modules repeat names and add none; ``windows`` has functions of its own."""
    windows = pytest.importorskip("scipy.signal.windows")
    top, whole = scan("scipy.signal", recursive=False), scan("scipy.signal")
    more = [whole.info(name) for name in whole if whole.info(name).module != "scipy.signal"]
    functions = {name for name in windows.__all__ if callable(getattr(windows, name))}

    assert set(top) - functions <= set(whole)
    assert {"scipy.signal.windows"} == {info.module for info in more}
    assert {info.qualname for info in more} <= functions


def test_modules_below_scipy_ndimage_add_nothing() -> None:
    """Everything public of ``scipy.ndimage`` is public at its top."""
    pytest.importorskip("scipy")

    assert list(scan("scipy.ndimage", recursive=False)) == list(scan("scipy.ndimage"))


def test_ufuncs_of_numpy_are_found_under_all_of_their_names(published: Any) -> None:
    """Compiled callables without ``__module__`` are functions; a second name is an alias."""
    numpy = pytest.importorskip("numpy")
    registry = scan("numpy", modules=["numpy"], predicate=lambda f: isinstance(f, numpy.ufunc))

    assert published.numpy_ufuncs() == reachable(registry, "numpy")
    assert registry["abs"] is registry["absolute"] is numpy.absolute
    assert "abs" in registry.info("absolute").aliases


def test_signatures_of_ufuncs_are_known() -> None:
    """Every ufunc tells its parameters, from Python or from its documentation."""
    numpy = pytest.importorskip("numpy")
    registry = scan("numpy", modules=["numpy"], predicate=lambda f: isinstance(f, numpy.ufunc))
    signatures = {name: registry.info(name).signature for name in registry}

    assert [] == [name for name, signature in signatures.items() if signature is None]
    assert ["x1", "x2"] == [p.name for p in signatures["add"].parameters[:2]]  # type: ignore[union-attr]
    assert "Add arguments element-wise." == registry.info("add").doc


def test_distribution_and_version_are_those_of_the_installed_library() -> None:
    """A library in a distribution has its name and version, the standard library Python's."""
    scipy = pytest.importorskip("scipy")
    image, mean = scan("scipy.ndimage").info("label"), scan("statistics").info("fmean")

    assert ("scipy", scipy.__version__) == (image.distribution, image.version)
    assert ("Python", platform.python_version()) == (mean.distribution, mean.version)


def test_signatures_of_builtins_come_from_their_documentation() -> None:
    """What Python cannot tell of ``math.hypot`` (in older Python) or ``max`` the text does."""
    registry = scan("math")

    assert "(*coordinates)" == str(registry.info("hypot").signature).partition(" ->")[0]
    assert "(x, /)" == str(registry.info("cos").signature)
    assert "Return the cosine of x (measured in radians)." == registry.info("cos").doc
    assert [] == [name for name in registry if registry.info(name).signature is None]


def test_builtins_are_listed_without_their_classes() -> None:
    """Functions of the interpreter count, its types and exceptions do not."""
    registry = scan("builtins")

    assert {"abs", "len", "print", "sorted"} <= set(registry)
    assert set() == {"int", "ValueError", "__import__", "None"} & set(registry)
    assert builtins.len is registry["len"]


@pytest.mark.parametrize("library", ["math", "statistics", "builtins"])
def test_standard_library_is_answered_from_the_cache(library: str) -> None:
    """A library of Python is cached too: one with a file, and one that is built in."""
    cold: Any = FunctionRegistry.scan(library)
    warm: Any = FunctionRegistry.scan(library)

    assert cold.to_json() == warm.to_json()
    assert ("miss", "hit") == (cold.report.status, warm.report.status)


def test_the_interpreter_s_own_modules_are_no_place_for_a_scan_to_fail() -> None:
    """A module of C code without a file can be scanned by its public names."""
    registry = scan("sys", public="names")

    assert sys.getsizeof is registry["getsizeof"]

"""scikit-image as it is installed: all that it publishes, and what passes the contract trial.

The scan with the trial takes many seconds; one process of its own does it for all of these tests,
and they read its cache, as later starts of a program do.
"""

import importlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from throwaway import App

from regcache_functions import FunctionMetadata, FunctionRegistry, UnknownFunctionError

pytestmark = pytest.mark.real

pytest.importorskip("skimage")

APPS = Path(__file__).resolve().parents[1] / "apps"
RELEASE = version("scikit-image")

#: Modules with a word of their own on what they publish, which the stubs of scikit-image's
#: submodules do not repeat: so a search of all modules finds more than the stubs say.
DEEPER = {
    "skimage.color.adapt_rgb": "decorators that make a filter work on colours, a module apart",
    "skimage.filters.rank": "the rank filters are a package below filters",
    "skimage.io.manage_plugins": "readers and writers of images are chosen here",
}
#: Names in ``__all__`` at run time that begin with an underscore: lazy_loader puts there what a
#: stub imports, and the stub of draw imports this one.
UNDERSCORED = {"skimage.draw._bezier_segment"}

COLD = """
from concurrent.futures import ThreadPoolExecutor
from regcache_functions import FunctionRegistry
told = []
with ThreadPoolExecutor(2) as executor:
    registry = FunctionRegistry.scan(
        "skimage", probe="contracts:classify", executor=executor,
        progress=lambda done, total, name: told.append((done, total)),
    )
    out = {
        "listed": [*registry],
        "rejected": registry.rejected,
        "failures": registry.failures,
        "told": told,
        "json": registry.to_json(),
        "text": repr(registry),
        "library": "skimage.filters" in sys.modules,
        "status": registry.report.status,
    }
"""

WARM = """
from image_functions import image_functions
registry = image_functions()
out = {
    "listed": [*registry],
    "rejected": registry.rejected,
    "failures": registry.failures,
    "json": registry.to_json(),
    "text": repr(registry),
    "status": registry.report.status,
    "blur": [*registry.search("gaussian")],
    "heavy": sorted({"skimage", "numpy", "scipy", "importlib.metadata"} & set(sys.modules)),
}
"""


@pytest.fixture(scope="session")
def apps() -> Iterator[None]:
    """The sample applications can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(APPS))
        yield


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """An application that has scanned scikit-image with the trial: ``app`` and its ``answer``."""
    app = App(tmp_path_factory.mktemp("skimage"))
    path = os.pathsep.join([str(app.folder), str(APPS)])
    answer = app.run(COLD, PYTHONPATH=path)
    return SimpleNamespace(app=app, answer=answer, path=path)


@pytest.fixture
def registry(tried: Any, apps: None, monkeypatch: pytest.MonkeyPatch) -> FunctionRegistry[Any]:
    """The registry of what passed, opened from the cache."""
    from image_functions import image_functions  # type: ignore[import-not-found]

    monkeypatch.setenv("REGCACHE_DIR", str(tried.app.cache))
    found: FunctionRegistry[Any] = image_functions()
    return found


@pytest.fixture(scope="session")
def everything() -> FunctionRegistry[Any]:
    """All functions of scikit-image, without a trial."""
    return FunctionRegistry.scan("skimage", enable_cache=False)


@pytest.fixture(scope="session")
def published(apps: None) -> ModuleType:
    """What scikit-image says that it publishes, read from its stubs and sources."""
    return importlib.import_module("published")


def places(info: FunctionMetadata[Any]) -> set[str]:
    """Everywhere that a function is public, by full names."""
    return {f"{info.module}.{info.qualname}", *(f"skimage.{each}" for each in info.aliases)}


def test_all_that_the_stubs_publish_is_found(
    everything: FunctionRegistry[Any], published: Any
) -> None:
    """Every function that a stub or an ``__all__`` of scikit-image names can be asked for."""
    found = {place for name in everything for place in places(everything.info(name))}

    assert set() == published.skimage_functions() - found


def test_nothing_is_found_that_nobody_publishes(
    everything: FunctionRegistry[Any], published: Any
) -> None:
    """What the stubs do not name is published by one of the modules that are explained above."""
    stubs = published.skimage_functions()
    infos = [everything.info(name) for name in everything]
    more = [info for info in infos if not places(info) & stubs]
    deep = {f"{name}.{each}" for name in DEEPER for each in importlib.import_module(name).__all__}

    assert set(DEEPER) == {info.module for info in more} - {"skimage.draw"}
    assert {f"{info.module}.{info.qualname}" for info in more} - deep <= UNDERSCORED


def test_each_function_is_listed_once(everything: FunctionRegistry[Any]) -> None:
    """No two names stand for one function, and no alias is a name of another."""
    functions = Counter(id(everything[name]) for name in everything)
    aliases = [alias for name in everything for alias in everything.info(name).aliases]

    assert {1} == set(functions.values())
    assert set() == set(aliases) & set(everything)


def test_functions_are_those_of_the_library(everything: FunctionRegistry[Any]) -> None:
    """A name, each alias and the full place lead to what the library has there."""
    for name in everything:
        info = everything.info(name)
        expected = getattr(importlib.import_module(info.module), info.qualname)

        assert expected is everything[name]
        assert all(expected is everything[alias] for alias in info.aliases)


def test_functions_of_one_name_are_listed_by_place(everything: FunctionRegistry[Any]) -> None:
    """``filters.median`` and ``filters.rank.median`` share a name, so neither takes it alone."""
    shared = [name for name in everything if name.rpartition(".")[2] == "median"]

    assert ["filters.median", "filters.rank.median"] == sorted(shared)
    with pytest.raises(UnknownFunctionError, match=r"filters\.median.*filters\.rank\.median"):
        everything["median"]


def test_every_function_has_a_signature_and_documentation(
    everything: FunctionRegistry[Any],
) -> None:
    """Lazy, decorated and compiled functions tell what they take; one says nothing of itself."""
    infos = [everything.info(name) for name in everything]

    assert [] == [info.name for info in infos if info.signature is None]
    assert {"imread_collection_wrapper"} >= {info.name for info in infos if not info.doc}
    assert {"scikit-image"} == {info.distribution for info in infos}
    assert {RELEASE} == {info.version for info in infos}


def test_no_module_fails_and_no_name_is_broken(everything: FunctionRegistry[Any]) -> None:
    """scikit-image imports completely; private modules and tests are not needed for that."""
    assert ({}, {}) == (everything.failures, everything.rejected)


def test_the_trial_accepts_what_has_a_contract(registry: FunctionRegistry[Any]) -> None:
    """Filters of volumes, of planes, and projections are told apart by a call."""
    contracts = Counter(registry.info(name).contract for name in registry)

    assert {"3d", "2d", "volume to slice"} == set(contracts)
    assert "3d" == registry.info("gaussian").contract
    assert "2d" == registry.info("canny").contract
    assert len(registry) >= 90
    if RELEASE.startswith("0.26."):
        assert {"3d": 66, "2d": 26, "volume to slice": 9} == contracts


def test_all_others_are_rejected_with_a_reason(
    tried: Any, registry: FunctionRegistry[Any], everything: FunctionRegistry[Any]
) -> None:
    """Listed and rejected together are all that was found, and each reason is one of the probe."""
    assert set(everything) == set(registry) | set(registry.rejected)
    assert set() == set(registry) & set(registry.rejected)
    assert {"NoContractError"} == {r.partition(":")[0] for r in registry.rejected.values()}
    with pytest.raises(UnknownFunctionError, match="rejected: NoContractError: takes"):
        registry["line"]


def test_a_function_that_passed_does_what_its_contract_says(
    registry: FunctionRegistry[Any],
) -> None:
    """Functions that are loaded from the registry work on arrays as the trial found."""
    numpy = pytest.importorskip("numpy")
    volume = numpy.random.default_rng(0).random((4, 16, 16), dtype=numpy.float32)

    assert volume.shape == registry["gaussian"](volume, sigma=2).shape
    assert volume.shape[1:] == registry["canny"](volume[0]).shape


def test_the_scan_tells_of_every_function(tried: Any, everything: FunctionRegistry[Any]) -> None:
    """Progress was told once for each function, and of the start."""
    total = len(everything)

    assert [[done, total] for done in range(total + 1)] == tried.answer["told"]


def test_warm_answer_equals_cold_answer(tried: Any) -> None:
    """All comes back from the cache as the scan gave it, without an import of the library."""
    warm = tried.app.run(WARM, PYTHONPATH=tried.path)
    same = ("listed", "rejected", "failures", "json", "text")

    assert ("miss", "hit") == (tried.answer["status"], warm["status"])
    assert {name: tried.answer[name] for name in same} == {name: warm[name] for name in same}
    assert (True, []) == (tried.answer["library"], warm["heavy"])
    assert "gaussian" == warm["blur"][0]


def test_one_warm_function_imports_one_submodule(tried: Any) -> None:
    """A loaded function brings its own submodule, and not all that the scan went through."""
    code = """
        from image_functions import image_functions
        function = image_functions()["gaussian"]
        out = function.__name__, "skimage.filters" in sys.modules, "skimage.graph" in sys.modules
        """

    assert ["gaussian", True, False] == tried.app.run(code, PYTHONPATH=tried.path)


def test_questions_are_answered_from_the_cache(registry: FunctionRegistry[Any]) -> None:
    """Parameters, modules, contracts and words can be asked for together."""
    filters = registry.query(module="skimage.filters", contract="3d", parameter="sigma")

    assert {"gaussian", "laplace", "farid"} & set(filters) >= {"gaussian"}
    assert all(registry.info(name).module.startswith("skimage.filters") for name in filters)
    assert "gaussian" == next(iter(registry.search("gaussian filter")))
    assert len(json.loads(registry.to_json())) == len(registry)

"""The public names of core: all there, all documented, resolved when they are used."""

import pickle
import pkgutil
import types
import warnings
from importlib import import_module
from importlib.metadata import version

import pytest
from public_names import PublicNames
from throwaway import App

import regcache_core
import regcache_core.discovery


class TestCore(PublicNames):
    """The names for everybody."""

    package = regcache_core
    reference = "api/core.rst"
    examples = ("regcache_core._manager.RegistryCacheManager", "regcache_core._inputs.SourceTree")

    def modules(self) -> list[types.ModuleType]:
        """All modules, those of discovery too."""
        found = pkgutil.walk_packages(regcache_core.__path__, "regcache_core.")
        return [import_module(module.name) for module in found]


class TestDiscovery(PublicNames):
    """The names for adapters."""

    package = regcache_core.discovery
    reference = "api/discovery.rst"
    examples = ("regcache_core.discovery.listing.ImportPath",)


def test_version_is_that_of_the_distribution() -> None:
    """`__version__` is what was installed."""
    assert version("regcache-core") == regcache_core.__version__


def test_no_name_is_in_both_packages() -> None:
    """What adapters use is no user's business, and the other way round."""
    assert set() == set(regcache_core.__all__) & set(regcache_core.discovery.__all__)


def test_import_of_the_package_is_light(app: App) -> None:
    """Importing the package imports nothing else."""
    app.hidden = (*App.hidden, "COVERAGE")

    seen = app.run("import regcache_core\nout = sorted(set(sys.modules) - bare)")

    assert ["regcache_core"] == seen


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (regcache_core.ConfigError("field", 5, "six"), ValueError),
        (regcache_core.SerializationError("cache", "key 'a'", "no JSON"), TypeError),
        (regcache_core.NoCacheFolderError("painter"), OSError),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_error_is_told_by_type_attributes_and_words(
    error: Exception, builtin: type[Exception]
) -> None:
    """Errors share a base, are caught by a builtin, hold their parts and survive pickling."""
    copy = pickle.loads(pickle.dumps(error))

    assert isinstance(error, regcache_core.RegcacheError)
    assert isinstance(error, builtin)
    assert (vars(error), str(error)) == (vars(copy), str(copy))
    assert all(str(value) in str(error) for value in vars(error).values())


def test_warning_is_a_user_warning() -> None:
    """`CacheWarning` is filtered as the warnings of applications are."""
    with pytest.warns(UserWarning, match="words"):
        warnings.warn("words", regcache_core.CacheWarning, stacklevel=1)

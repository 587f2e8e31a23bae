"""Libraries of others, by a base class as text: what is listed is what each publishes."""

from typing import Any, NamedTuple

import pytest
from test_real_clients import Client

pytestmark = pytest.mark.pip

RULES = """
import sys

def is_estimator(cls):
    is_inner = cls.__module__.startswith("sklearn.utils.")
    return not is_inner and not cls.__name__.startswith(("_", "Base"))

def is_dialect(cls):
    return vars(sys.modules[cls.__module__]).get("dialect") is cls

def is_provider(cls):
    return cls.__name__ == "Provider"

def module_key(name, cls):
    return cls.__module__.split(".", 2)[-1]

def own_name(name, cls):
    return vars(cls).get("name")
"""


class Library(NamedTuple):
    """One library, and what it publishes.

    Attributes:
        arguments: Those of ``for_package``.
        published: Code that leaves in ``published`` what it publishes: key -> module.
        least: So many classes are listed at least.
        missing: Keys that are published and not listed.
        more: Keys that are listed and not published.
    """

    arguments: str
    published: str
    least: int
    missing: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


LIBRARIES = {
    # Those that are on trial are no attributes of a package before a module is imported for it. A
    # module of the build prints its version.
    "sklearn": Library(
        "'sklearn', 'sklearn.base:BaseEstimator', include='app.rules:is_estimator', "
        "exclude=['tests', 'conftest', '_build_utils']",
        """
from sklearn.utils import all_estimators
published = {name: cls.__module__ for name, cls in all_estimators()}
""",
        200,
        more=("HalvingGridSearchCV", "HalvingRandomSearchCV", "IterativeImputer"),
    ),
    # Where a dialect has no base.py of its own, each driver is a module that has a ``dialect``.
    "sqlalchemy": Library(
        "'sqlalchemy.dialects', 'sqlalchemy.engine:Dialect', include='app.rules:is_dialect', "
        "key='app.rules:module_key'",
        """
import importlib, pkgutil
from sqlalchemy import dialects
published = {}
for name in dialects.__all__:
    package = importlib.import_module(f"sqlalchemy.dialects.{name}")
    for each in pkgutil.iter_modules(package.__path__):
        try:
            cls = dialects.registry.load(f"{name}.{each.name}")
        except Exception:  # no driver
            continue
        if each.name != "base":  # another name of the default driver
            published[f"{name}.{each.name}"] = cls.__module__
""",
        20,
    ),
    # What has no name in a document is a base class of others there.
    "docutils": Library(
        "'docutils.parsers.rst.directives', 'docutils.parsers.rst:Directive'",
        """
from docutils.parsers.rst.directives import _directive_registry as index
home = "docutils.parsers.rst.directives."
published = {name: home + module for module, name in index.values()}
""",
        40,
        more=("BaseAdmonition", "BasePseudoSection", "BlockQuote", "Table"),
    ),
    # Providers that are not localized have a folder for one language all the same.
    "faker": Library(
        "'faker.providers', 'faker.providers:BaseProvider', include='app.rules:is_provider', "
        "key='app.rules:module_key'",
        """
from importlib import import_module
from faker.config import PROVIDERS
from faker.utils.loading import list_module
published = {}
for name in PROVIDERS:
    module = import_module(name)
    languages = list_module(module) if getattr(module, "localized", False) else []
    for each in (name, *(f"{name}.{language}" for language in languages)):
        published[each.split(".", 2)[-1]] = each
""",
        700,
        more=(
            "emoji.en_US",
            "file.en_US",
            "profile.en_US",
            "python.en_US",
            "sbn.en_US",
            "user_agent.en_US",
        ),
    ),
    # Six come from other distributions, in a namespace package; one is the base class of gettext's.
    "sphinx": Library(
        "'sphinx.builders', 'sphinx.builders:Builder', key='app.rules:own_name', "
        "packages=['sphinxcontrib.*']",
        """
import pathlib, tempfile
from sphinx.application import Sphinx
with tempfile.TemporaryDirectory() as folder:
    for name in ("conf.py", "index.rst"):
        (pathlib.Path(folder) / name).touch()
    app = Sphinx(folder, folder, f"{folder}/out", f"{folder}/tree", "html", status=None)
published = {key: cls.__module__ for key, cls in app.registry.builders.items()}
""",
        19,
        more=("i18n",),
    ),
}
LIST = """
import warnings
warnings.simplefilter("ignore")
from regcache_meta import LazyDiscoveryDict
registry = LazyDiscoveryDict.for_package({arguments})
listed = {{key: registry.info(key).module for key in registry}}
imported = [name for name in sys.modules if name.startswith({name!r})]
out = listed, registry.report.status, imported
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """An application in an environment that has all these libraries."""
    names = "scikit-learn", "sqlalchemy", "docutils", "faker", "sphinx"
    client = Client(tmp_path_factory.mktemp("libraries"), "", *names)
    client.write({"app/rules.py": RULES})
    return client


@pytest.mark.parametrize("name", LIBRARIES)
def test_list_is_what_the_library_publishes(name: str, libraries: Client) -> None:
    """Cold and warm, but for what is named here; a warm list imports nothing of the library."""
    library = LIBRARIES[name]
    code = LIST.format(arguments=library.arguments, name=name)
    (listed, *cold), warm = libraries.run(code), libraries.run(code)
    published = libraries.run(f"{library.published}\nout = published")
    both: Any = [key for key in listed if key in published]

    assert library.least < len(both)
    assert {*library.missing} == published.keys() - listed.keys()
    assert {*library.more} == listed.keys() - published.keys()
    assert [published[key] for key in both] == [listed[key] for key in both]
    assert ("miss", [listed, "hit", []]) == (cold[0], warm)

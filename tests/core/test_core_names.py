"""The public names of core: all there, all documented, resolved when they are used."""

import doctest
import inspect
import pickle
import pkgutil
import types
import warnings
from importlib import import_module

import pytest

import regcache_core
import regcache_core.discovery

PACKAGES = (regcache_core, regcache_core.discovery)
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(regcache_core.__path__, "regcache_core.")
)
CONSTANTS = {"PYTHON_SUFFIXES", "__version__"}


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_public_name_resolves_and_is_kept(package, name):
    """Each name is its module's own object, and found at once the second time."""
    value = getattr(package, name)

    home = package._MODULES[name]
    module = import_module(home if "regcache_core" in home else f"regcache_core.{home}")
    assert value is getattr(module, name)
    assert value is vars(package)[name]


@pytest.mark.parametrize(("package", "name"), [each for each in NAMES if each[1] not in CONSTANTS])
def test_public_name_is_documented(package, name):
    """Each name, and each public member of a class, has a docstring of its own."""
    value = getattr(package, name)
    members = vars(value).items() if isinstance(value, type) else ()
    undocumented = [
        member
        for member, item in members
        if not member.startswith("_")
        and (inspect.isfunction(item) or isinstance(item, property))
        and not inspect.getdoc(item)
    ]

    assert value.__doc__
    assert [] == undocumented


@pytest.mark.parametrize("package", PACKAGES)
def test_list_of_names_is_sorted_and_whole(package):
    """`__all__`, the table of modules and `dir()` say the same."""
    names = package.__all__

    # As ruff and isort have it: constants, classes, functions.
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert names == list(package._MODULES)
    assert len(names) == len(set(names))
    assert set(names) <= set(dir(package))
    assert dir(package) == sorted(dir(package))


@pytest.mark.parametrize("name", MODULES)
def test_module_says_what_it_holds(name):
    """Each module begins with a docstring."""
    assert import_module(name).__doc__


def test_unknown_name_is_an_attribute_error():
    """A misspelt name is refused as any module refuses it."""
    with pytest.raises(AttributeError, match=r"module 'regcache_core' has no attribute 'Managre'"):
        _ = regcache_core.Managre


def test_version_is_that_of_the_distribution():
    """`__version__` is what was installed."""
    from importlib.metadata import version

    assert version("regcache-core") == regcache_core.__version__


def test_names_are_resolved_on_first_use(run_python):
    """Importing the package resolves nothing, unless the environment asks for all of it."""
    code = """
        print(json.dumps([name in vars(regcache_core) for name in regcache_core.__all__]))
    """

    assert {False} == set(run_python(code, env={"REGCACHE_EAGER_IMPORT": None}))
    assert {True} == set(run_python(code, env={"REGCACHE_EAGER_IMPORT": "1"}))


def test_no_name_is_in_both_packages():
    """What adapters use is no user's business, and the other way round."""
    assert set() == set(regcache_core.__all__) & set(regcache_core.discovery.__all__)


def test_import_of_the_package_is_light(run_python):
    """Importing the package imports nothing else."""
    seen = run_python(
        """
        import subprocess
        code = "import sys; a = set(sys.modules); import regcache_core; "
        code += "print(*sorted(set(sys.modules) - a))"
        print(json.dumps(subprocess.check_output([sys.executable, "-c", code], text=True).split()))
        """,
        env={"REGCACHE_EAGER_IMPORT": None},
    )

    assert ["regcache_core"] == seen


@pytest.mark.parametrize("name", ["regcache_core", *MODULES])
def test_examples_run(name, monkeypatch):
    """Each example in a docstring gives what it shows."""
    module = import_module(name)

    failed, _ = doctest.testmod(module)

    assert 0 == failed


def test_there_are_examples():
    """The finder of examples finds some."""
    finder = doctest.DocTestFinder()
    modules = [import_module(name) for name in MODULES]

    assert sum(len(test.examples) for module in modules for test in finder.find(module)) >= 10


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (regcache_core.ConfigError("field", 5, "six"), ValueError),
        (regcache_core.SerializationError("cache", "key 'a'", "no JSON"), TypeError),
        (regcache_core.NoCacheFolderError("painter"), OSError),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_error_is_told_by_type_attributes_and_words(error, builtin):
    """Errors share a base, are caught by a builtin, hold their parts and survive pickling."""
    copy = pickle.loads(pickle.dumps(error))

    assert isinstance(error, regcache_core.RegcacheError)
    assert isinstance(error, builtin)
    assert (vars(error), str(error)) == (vars(copy), str(copy))
    assert all(str(value) in str(error) for value in vars(error).values())


def test_warning_is_a_user_warning():
    """`CacheWarning` is filtered as the warnings of applications are."""
    with pytest.warns(UserWarning, match="words"):
        warnings.warn("words", regcache_core.CacheWarning, stacklevel=1)


def test_generic_alias_is_pythons_own():
    """Parameters at run time make an alias like `list[int]`."""
    alias = regcache_core.RegistryCacheManager[str, int]

    assert isinstance(alias, types.GenericAlias)
    assert regcache_core.RegistryCacheManager is alias.__origin__

"""What registries of classes and their plugins declare to depend on, in fresh processes."""

from typing import Any

import declaring
import pytest
from declaring import DECLARED, NAMES, check_each_change
from throwaway import App

from regcache_core import ConfigError, File
from regcache_meta import AutoRegister, AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig

STATUS = f"from app.readers.base import READERS as REG\n{declaring.STATUS}"
#: A module whose plugins exist, or not, by what is declared.
MADE = f"""
from regcache_core import Distribution, EnvironmentVariable, File
from .base import Reader
{NAMES}
for NAME in NAMES:
    namespace = {{"format": NAME, "__module__": __name__}}
    if NAME == "always":
        namespace |= MORE
    globals()[NAME] = type(Reader)(NAME, (Reader,), namespace)
"""
ATTRIBUTE = "__registry_depends_on__"
IMPORTS = """
from regcache_core import Distribution, EnvironmentVariable, File
from regcache_meta import AutoRegister, AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig
"""
BASES = {
    "base class": """
class Reader(metaclass=AutoRegisterMeta):
    __registry_key__ = "format"
    __registry_depends_on__ = DECLARED
READERS = Reader.__registry__
""",
    "config": """
READERS = LazyDiscoveryDict()
CONFIG = RegistryConfig(READERS, "format", depends_on=DECLARED)
class Reader(AutoRegister, registry_config=CONFIG):
    pass
""",
    "base class with a config": """
READERS = LazyDiscoveryDict()
class Reader(metaclass=AutoRegisterMeta, registry_config=RegistryConfig(READERS, "format")):
    __registry_depends_on__ = DECLARED
""",
    "plugin": """
class Reader(metaclass=AutoRegisterMeta):
    __registry_key__ = "format"
READERS = Reader.__registry__
""",
    "for_package": """
class Reader:
    pass
READERS = LazyDiscoveryDict.for_package("app.readers", Reader, key="format", depends_on=DECLARED)
""",
    "plugin in a package of others": """
class Reader:
    pass
READERS = LazyDiscoveryDict.for_package("app.readers", Reader, key="format")
""",
}


def write_application(app: App, how: str) -> None:
    """Write an application that declares in one of the ways."""
    more = f'{{"{ATTRIBUTE}": {DECLARED}}}' if how.startswith("plugin") else "{}"
    app.write(
        {
            "app/__init__.py": "",
            "app/readers/__init__.py": "",
            "app/readers/base.py": IMPORTS + BASES[how].replace("DECLARED", DECLARED),
            "app/readers/made_reader.py": MADE.replace("MORE", more),
            "app/readers/data.txt": "one",
        }
    )


@pytest.mark.parametrize("how", BASES)
def test_each_change_of_what_is_declared_is_seen(how: str, app: App) -> None:
    """After each change a start is a miss, and right; the next one hits and imports no plugin."""
    write_application(app, how)

    check_each_change(app, STATUS, "app/readers/data.txt")


def test_plugin_inherits_what_its_parent_declares(app: App) -> None:
    """A class attribute is looked up as any other: a sub-class may have less, or more."""
    app.write(
        {
            "app/__init__.py": "",
            "app/readers/__init__.py": "",
            "app/readers/base.py": IMPORTS + BASES["plugin"],
            "app/readers/a_reader.py": """
                import abc
                from regcache_core import EnvironmentVariable
                from .base import Reader
                class Middle(Reader):
                    __registry_depends_on__ = [EnvironmentVariable("APP_MIDDLE")]
                class Low(Middle):
                    format = "low"
                class Other(Middle):
                    format = "other"
                    __registry_depends_on__ = (EnvironmentVariable("APP_OTHER"),)
                class Abstract(Reader, abc.ABC):
                    __registry_depends_on__ = [EnvironmentVariable("APP_ABSTRACT")]
                    @abc.abstractmethod
                    def read(self): ...
                """,
        }
    )
    app.run(STATUS)

    assert "hit" == app.run(STATUS, APP_ABSTRACT="1")["status"]
    for name in ("APP_MIDDLE", "APP_OTHER"):
        seen = app.run(STATUS, **{name: "1"})
        assert ("VARIABLE_CHANGED", name) == (seen["reason"], seen["where"])
        app.run(STATUS)


FAILING = """
from regcache_core import EnvironmentVariable
from .base import Reader
class Broken(Reader):
    format = "broken"
    __registry_depends_on__ = DECLARED
raise RuntimeError("no device")
"""


def test_module_that_fails_declares_nothing(app: App) -> None:
    """What a broken plugin says does not count."""
    write_application(app, "plugin")
    text = FAILING.replace("DECLARED", '[EnvironmentVariable("APP_BROKEN")]')
    app.write({"app/readers/b_reader.py": text})
    app.run(STATUS, PYTHONWARNINGS="ignore")

    assert "hit" == app.run(STATUS, APP_BROKEN="1")["status"]


def test_wrong_declaration_of_a_plugin_costs_only_that_plugin(app: App) -> None:
    """A path alone is refused where it stands: the module has failed."""
    write_application(app, "plugin")
    app.write({"app/readers/b_reader.py": FAILING.replace("DECLARED", '"data.txt"')})

    code = STATUS + "\nout = keys, {name: each.error for name, each in REG.failures.items()}"
    keys, failures = app.run(code, PYTHONWARNINGS="ignore")

    assert ["always", "one"] == keys
    assert ["app.readers.b_reader"] == list(failures)
    for part in ("ConfigError", f"Broken.{ATTRIBUTE} is 'data.txt'"):
        assert part in failures["app.readers.b_reader"]


CHANGED_BEFORE = """
import os, pathlib, time
from app.readers.base import READERS
import app.readers.made_reader
time.sleep(0.05)
{change}
keys = list(READERS)
out = keys, READERS.report.saved.reason and READERS.report.saved.reason.name
"""


@pytest.mark.parametrize("how", ["base class", "plugin", "for_package"])
@pytest.mark.parametrize(
    ("change", "reason", "environment"),
    [
        ("pathlib.Path('app/readers/data.txt').write_text('two')", "EDITED_SINCE_IMPORT", {}),
        ("pathlib.Path('app/readers/data.txt').unlink()", "EDITED_SINCE_IMPORT", {}),
        ("os.environ['APP_EXTRA'] = 'late'", "VARIABLE_CHANGED", {"APP_EXTRA": "late"}),
    ],
)
def test_change_after_a_plugin_was_imported_is_not_saved(
    how: str, change: str, reason: str, environment: dict[str, str], app: App
) -> None:
    """The answer of a process that read the old state is its own; the next process is right."""
    write_application(app, how)

    keys, told = app.run(CHANGED_BEFORE.format(change=change))

    assert (["always", "one"], reason) == (keys, told)
    assert [] == app.cache_files()
    truth = app.run(STATUS, REGCACHE_DISABLE="1", **environment)
    assert truth["keys"] == app.run(STATUS, **environment)["keys"] != keys


def test_registry_over_a_package_pickles_with_its_declarations(app: App) -> None:
    """Opened again in the same or in another process, it depends on the same."""
    write_application(app, "for_package")
    code = """
        import pickle
        from app.readers.base import READERS
        again = pickle.loads(pickle.dumps(READERS))
        list(again)
        out = str(again._scope.depends_on), again.report.status, again.report.reason.name
        """
    app.run(STATUS)

    shown, *status = app.run(code, APP_EXTRA="1")

    assert ["miss", "VARIABLE_CHANGED"] == status
    for part in (f"{app.folder}/app/readers/data.txt", "APP_EXTRA", "sci-tiny"):
        assert part in shown.replace("\\", "/")


@pytest.mark.parametrize("given", ["data.txt", ["data.txt"], File("a"), None])
def test_wrong_declaration_of_a_registry_is_refused(given: Any) -> None:
    """In each way to declare, what is no list of dependencies is told at once."""
    with pytest.raises(ConfigError, match="depends_on"):
        RegistryConfig({}, "format", depends_on=given)
    with pytest.raises(ConfigError, match="depends_on"):
        LazyDiscoveryDict.for_package("json", object, depends_on=given)
    with pytest.raises(ConfigError, match=ATTRIBUTE):

        class Base(metaclass=AutoRegisterMeta):
            __registry_key__ = "format"
            __registry_depends_on__ = given

    with pytest.raises(ConfigError, match=ATTRIBUTE):

        class Other(AutoRegister):
            __registry_key__ = "format"
            __registry_depends_on__ = given


def test_metaclass_that_answers_anything_declares_nothing() -> None:
    """Only an attribute that stands in a class is a declaration."""

    class Anything(type):
        def __getattr__(cls, name: str) -> str:
            return name

    class Base(metaclass=Anything):
        pass

    assert isinstance(LazyDiscoveryDict.for_package("json", Base), LazyDiscoveryDict)

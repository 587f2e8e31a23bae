"""Libraries that are watched by their files, or by what installed them: ``watch=``."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from environments import PIP, Environment

from regcache_core import ConfigError
from regcache_functions import FunctionRegistry
from regcache_meta import LazyDiscoveryDict

pytestmark = [
    pytest.mark.pip,
    pytest.mark.skipif(PIP is None, reason="this Python brings no pip along"),
]

MAKE = {
    "classes": """
        from regcache_meta import LazyDiscoveryDict
        registry = LazyDiscoveryDict.for_package("space.lab", "lab_base:Base"{more})
        """,
    "functions": """
        from regcache_functions import FunctionRegistry
        registry = FunctionRegistry.scan("space.lab", public="names"{more})
        """,
}
LOOK = """
        import warnings
        warnings.simplefilter("ignore")
        names = list(registry)
        report = registry.report
        out = names, report.status, report.reason and report.reason.name, report.where
        """


def plugin(name: str) -> str:
    """A module with a class or a function of a name, as each kind of registry sees it."""
    return (
        f"from lab_base import Base\nclass {name}(Base): pass\n"
        f"def {name.lower()}(image): ...\n{name.lower()}.__module__ = __name__\n"
    )


FILES = {
    "space/lab/a.py": plugin("A"),
    "space/lab/sub/__init__.py": "",
    "space/lab/sub/b.py": plugin("B"),
}


@pytest.fixture(params=MAKE)
def look(request: pytest.FixtureRequest) -> Any:
    """Lists the library in a fresh process: names in capitals, status, reason and place."""

    def run(environment: Environment, watch: str) -> Any:
        code = MAKE[request.param].format(more=f", watch={watch!r}") + LOOK
        names, *told = environment.run(code)
        return sorted(name.rpartition(".")[2].upper() for name in names), *told

    return run


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment with a part of a namespace package, and a base class, installed."""
    made = Environment(tmp_path)
    made.install("lab-base", {"lab_base.py": "class Base: pass\n"})
    made.install("space-lab", FILES)
    made.wrote()
    return made


@pytest.mark.parametrize("watch", ["files", "distribution"])
def test_what_installers_do_is_seen(watch: str, environment: Environment, look: Any) -> None:
    """Another version of it, another distribution with a part of the package, its removal."""
    first = [look(environment, watch)[:2] for _ in range(2)]
    more = {"space/lab/a.py": plugin("A"), "space/lab/c.py": plugin("C")}
    environment.install("space-lab", more, "1.1")
    upgraded = [look(environment, watch)[:2] for _ in range(2)]
    environment.install("space-more", {"space/lab/d.py": plugin("D")})
    added = [look(environment, watch)[:2] for _ in range(2)]
    environment.install("space-more", {"space/lab/d.py": plugin("E")}, "2")
    replaced = [look(environment, watch)[:2] for _ in range(2)]
    environment.uninstall("space-more")

    is_hit = ("miss", "hit")
    assert [(["A", "B"], each) for each in is_hit] == first
    assert [(["A", "C"], each) for each in is_hit] == upgraded
    assert [(["A", "C", "D"], each) for each in is_hit] == added
    assert [(["A", "C", "E"], each) for each in is_hit] == replaced
    assert (["A", "C"], "miss") == look(environment, watch)[:2]


@pytest.mark.parametrize("watch", ["files", "distribution"])
def test_distribution_that_installs_over_a_file_is_seen(
    watch: str, environment: Environment, look: Any
) -> None:
    """Its name adds nothing to the folders of the package; one beside it changes nothing."""
    look(environment, watch)
    environment.install("other", {"other.py": ""})
    beside = [look(environment, watch)[:2] for _ in range(2)]
    environment.install("space-gpu", {"space/lab/a.py": plugin("Gpu")})

    assert [(["A", "B"], "hit")] * 2 == beside
    assert [(["B", "GPU"], each) for each in ("miss", "hit")] == [
        look(environment, watch)[:2] for _ in range(2)
    ]


def test_an_edit_by_hand_is_seen_by_files_alone(environment: Environment, look: Any) -> None:
    """The opt-in does not see another content, but what installers write, and a new file."""
    for watch in ("files", "distribution"):
        look(environment, watch)
    file = environment.site / "space/lab/a.py"
    file.write_text(plugin("Zed"))
    files = look(environment, "files")
    unseen = look(environment, "distribution")
    (record,) = environment.site.glob("space_lab-*/RECORD")
    record.write_text(record.read_text() + "more,,\n")
    rewritten = look(environment, "distribution")
    new = environment.site / "space/lab/sub/y.py"
    new.write_text(plugin("Y"))
    added = look(environment, "distribution")

    assert (["B", "ZED"], "miss", "SOURCE_CHANGED", str(file)) == files
    assert (["A", "B"], "hit", None) == unseen[:3]
    assert (["B", "ZED"], "miss", "SOURCE_CHANGED", str(record)) == rewritten
    assert (["B", "Y", "ZED"], "miss", "SOURCE_ADDED", str(new)) == added


@pytest.mark.parametrize("watch", ["files", "distribution"])
def test_several_packages_are_those_of_several_distributions(
    watch: str, environment: Environment
) -> None:
    """Each that a pattern means is watched by what installed it; one that nobody has is refused."""
    more = f", packages=['plug.*'], watch={watch!r}"
    code = MAKE["classes"].format(more=more) + LOOK

    def twice() -> Any:
        return [environment.run(code)[:2] for _ in range(2)]

    nothing = twice()
    environment.install("plug-c", {"plug/c.py": plugin("C")})
    added = twice()
    environment.install("plug-d", {"plug/d/__init__.py": plugin("D")})
    environment.install("plug-c", {"plug/c.py": plugin("E")}, "2")
    replaced = twice()
    environment.install("over", {"plug/d/__init__.py": plugin("F")})
    over = twice()
    environment.uninstall("plug-c")
    removed = twice()
    (environment.site / "plug" / "mine.py").write_text(plugin("Mine"))
    done = environment.start(dedent(code))

    for keys, seen in {"": nothing, "C": added, "ED": replaced, "EF": over, "F": removed}.items():
        assert [[["A", "B", *keys], status] for status in ("miss", "hit")] == seen
    message = "watch is 'distribution'; give 'files': plug.mine is not installed by a distribution"
    assert (message in done.stderr) == (watch == "distribution")


def test_upgrade_is_told_by_the_name_of_the_distribution(environment: Environment) -> None:
    """A hit of a base class as text ends with another version, though no source is another one."""
    code = MAKE["classes"].format(more="") + LOOK
    seen = [environment.run(code)[1] for _ in range(2)]
    environment.install("space-lab", FILES, "1.1")
    names, *told = environment.run(code)

    assert ["miss", "hit"] == seen
    assert [["A", "B"], "miss", "DISTRIBUTION_CHANGED", "space-lab"] == [names, *told]


def test_package_that_is_not_installed_has_no_distribution(tmp_path: Path) -> None:
    """An application's own package must be watched by its files, whoever looks first."""
    (tmp_path / "own_package_of_app.py").write_text("class Base: pass\ndef f(x): ...\n")
    code = "watch is 'distribution'; give 'files': own_package_of_app is not installed by a dis"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        classes = LazyDiscoveryDict.for_package("own_package_of_app", object, watch="distribution")
        functions = FunctionRegistry.scan("own_package_of_app", watch="distribution")

        for registry in (classes, functions):
            with pytest.raises(ConfigError, match=code):
                list(registry)  # type: ignore[call-overload]


def test_watch_is_one_of_two() -> None:
    """Another word is an error at once."""
    for make in (LazyDiscoveryDict.for_package, FunctionRegistry.scan):
        with pytest.raises(ConfigError, match="watch is 'all'; give 'files' or 'distribution'"):
            make("lib", **({"base": object} if "for" in make.__name__ else {}), watch="all")  # type: ignore[arg-type]

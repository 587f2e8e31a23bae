"""Registering functions of every kind in this process: names, facts, duplicates, replacements."""

import functools
import math
import operator
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import attrs
import pytest

from regcache_core import ConfigError, File
from regcache_functions import (
    DuplicateFunctionError,
    FactsError,
    FunctionImportError,
    FunctionRegistry,
    Functions,
    UnknownFunctionError,
    UnnamedFunctionError,
)


def plain(a: int, b: float = 2.0, *rest: int, c: str, **more: Any) -> str:
    """Do nothing.

    Slowly.
    """
    return c


async def coroutine(a: int) -> int:
    """Wait for nothing."""
    return a


def generator(n: int) -> Iterator[int]:
    """Count."""
    yield from range(n)


async def async_generator(n: int) -> AsyncIterator[int]:
    """Count, when asked."""
    for i in range(n):
        yield i


@functools.lru_cache
def remembered(a: int) -> int:
    """Compute once."""
    return a


@functools.singledispatch
def dispatched(value: object) -> str:
    """Depend on the type."""
    return "object"


def counted(function: Callable[..., Any]) -> Any:
    """Decorate with ``wraps``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


class Scale:
    """A filter with a state."""

    def __init__(self, by: float = 2) -> None:
        self.by = by

    def __call__(self, value: float) -> float:
        return value * self.by

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def method(self, value: float) -> float:
        """Multiply."""
        return value * self.by


class Homeless(Scale):
    """A callable that does not say where it is from, as some compiled functions do not."""

    __module__ = None  # type: ignore[assignment]


METHODS: FunctionRegistry[Any] = FunctionRegistry("methods")


class Tools:
    """Methods of all kinds, decorated in both orders."""

    @METHODS.register
    def method(self, value: int) -> int:
        """Of an object."""
        return value

    @METHODS.register
    @staticmethod
    def outer_static(value: int) -> int:
        """Register a staticmethod."""
        return value

    @staticmethod
    @METHODS.register
    def inner_static(value: int) -> int:
        """Make a staticmethod of what is registered."""
        return value

    @METHODS.register
    @classmethod
    def outer_class(cls, value: int) -> tuple[type, int]:
        """Register a classmethod."""
        return cls, value

    @METHODS.register("property", kind_of="getter")
    def getter(self) -> int:
        """Have a value."""
        return 1


@pytest.fixture
def registry() -> FunctionRegistry[Any]:
    """A registry of this process only."""
    return FunctionRegistry("filters")


def test_decorator_without_arguments_gives_the_function_back(
    registry: FunctionRegistry[Any],
) -> None:
    """``@registry.register`` returns the very function, and lists it by its name and place."""
    returned = registry.register(plain)

    assert plain is returned is registry["plain"] is registry[f"{__name__}.plain"]
    assert (["plain"], 1, True) == (list(registry), len(registry), "plain" in registry)


@pytest.mark.parametrize(
    ("args", "options", "name"),
    [
        ((), {}, "plain"),
        ((None,), {}, "plain"),
        (("other",), {}, "other"),
        ((), {"name": "other"}, "other"),
        (("!odd name",), {}, "!odd name"),
    ],
)
def test_decorator_with_arguments_gives_the_function_back(
    args: tuple[Any, ...], options: dict[str, Any], name: str, registry: FunctionRegistry[Any]
) -> None:
    """``@registry.register(...)`` takes a name, first or as ``name=``, or the function's own."""
    returned = registry.register(*args, **options)(plain)

    assert plain is returned is registry[name]
    assert [name] == list(registry)
    assert {} == registry.info(name).facts


def test_direct_call_takes_a_name(registry: FunctionRegistry[Any]) -> None:
    """``registry.register(function, name=...)`` needs no decorator."""
    registry.register(plain, name="other", tags=["a"])

    assert (["other"], ("a",)) == (list(registry), registry.info("other").tags)


def test_metadata_holds_what_was_declared(registry: FunctionRegistry[Any]) -> None:
    """Tags, aliases, contract and facts are those of the decorator, signature and text its own."""
    registry.register(
        "p", tags=(t for t in "yx"), aliases=(a for a in ["q", "r"]), contract="3d", cost=(1, 2)
    )(plain)

    info = registry.info("p")

    assert ("p", __name__, "plain", "plain") == (
        info.name,
        info.module,
        info.qualname,
        info.original_name,
    )
    assert (("y", "x"), ("q", "r"), "3d") == (info.tags, info.aliases, info.contract)
    assert {"cost": [1, 2]} == info.facts
    assert ("Do nothing.", "function", __name__) == (info.doc, info.kind, info.defined_in)
    assert "(a: int, b: float = 2.0, *rest: int, c: str, **more: Any) -> str" == str(
        info.signature
    ).replace("typing.", "")
    assert ("", "") == (info.distribution, info.version)
    assert plain is info.func is info.load()
    assert "x" == info(1, c="x")
    assert "Do nothing.\n\nSlowly." == info.read_doc()


def test_alias_leads_to_the_function_and_is_not_listed(registry: FunctionRegistry[Any]) -> None:
    """An alias can be asked for everywhere; repetitions, also of tags, say nothing."""
    registry.register("p", aliases=["q", "p", "q", "r"], tags=["b", "a", "b"])(plain)

    assert ["p"] == list(registry) == list(reversed(registry))
    assert plain is registry["q"] is registry["r"] is registry.get("q")
    assert ("q" in registry, "x" in registry) == (True, False)
    assert (None, len) == (registry.get("x"), registry.get("x", len))
    info = registry.info("q")
    assert ("p", ("q", "r"), ("b", "a")) == (info.name, info.aliases, info.tags)


@pytest.mark.parametrize(
    ("function", "kind", "doc", "signature"),
    [
        (plain, "function", "Do nothing.", None),
        (coroutine, "coroutine", "Wait for nothing.", "(a: int) -> int"),
        (generator, "generator", "Count.", None),
        (async_generator, "async generator", "Count, when asked.", None),
        (remembered, "function", "Compute once.", "(a: int) -> int"),
        (dispatched, "function", "Depend on the type.", "(value: object) -> str"),
        (counted(plain), "function", "Do nothing.", None),
        (counted(counted(remembered)), "function", "Compute once.", "(a: int) -> int"),
        (functools.partial(coroutine), "coroutine", "", "(a: int) -> int"),
        (functools.partial(plain, 1), "function", "", None),
        (functools.partial(functools.partial(plain, 1), 2.0), "function", "", None),
        (Scale(), "function", "", "(value: float) -> float"),
        (Scale().method, "function", "Multiply.", "(value: float) -> float"),
        (Scale.method, "function", "Multiply.", "(self, value: float) -> float"),
        (Scale, "function", "A filter with a state.", "(by: float = 2) -> None"),
        (lambda x: x, "function", "", "(x)"),
        (len, "function", "Return the number of items in a container.", "(obj, /)"),
        (math.hypot, "function", None, None),
        ([].append, "function", "Append object to the end of the list.", "(object, /)"),
        (str.upper, "function", "Return a copy of the string converted to uppercase.", "(self, /)"),
        (operator.itemgetter(1), "function", "", None),
        (print, "function", None, None),
    ],
)
def test_every_kind_of_callable_is_registered(
    function: Any, kind: str, doc: str | None, signature: str | None, registry: Any
) -> None:
    """Whatever can be called is kept as it is, falsy or nameless, and described if it can be."""
    assert function is registry.register("f")(function)

    info = registry.info("f")

    assert function is registry["f"] is registry.get("f") is info.func
    assert kind == info.kind
    assert doc is None or doc == info.doc
    assert signature is None or signature == info.signature.text


@pytest.mark.parametrize(
    ("function", "module", "home"),
    [
        (plain, __name__, __name__),
        (Scale(), __name__, __name__),
        (operator.itemgetter(1), __name__, "operator"),
        (functools.partial(functools.partial(math.sqrt), 2), __name__, "math"),
        (Homeless(), __name__, ""),
        (math.sqrt, "math", "math"),
        ([].append, __name__, ""),
    ],
)
def test_module_and_home_are_told(function: Any, module: str, home: str, registry: Any) -> None:
    """A function belongs to its module, an object to that which registers it; its class is told."""
    registry.register("f")(function)

    info = registry.info("f")
    assert (module, home) == (info.module, info.defined_in)


@pytest.mark.parametrize("name", ["method", "outer_static", "inner_static", "outer_class"])
def test_methods_are_listed_with_their_class(name: str) -> None:
    """A method in a class body is found at its place, and described."""
    info = METHODS.info(name)

    assert (f"Tools.{name}", __name__) == (info.qualname, info.module)
    assert info.doc and info.signature


def test_methods_can_be_called() -> None:
    """Methods are called as those of the class, which is as its body says."""
    assert 3 == METHODS["method"](Tools(), 3) == Tools().method(3)
    assert 3 == METHODS["outer_static"](3) == METHODS["inner_static"](3)
    assert 3 == Tools.outer_static(3) == Tools.inner_static(3)
    assert (Tools, 3) == METHODS["outer_class"](3) == Tools.outer_class(3) == Tools().outer_class(3)
    assert "(value: int) -> tuple[type, int]" == str(METHODS.info("outer_class").signature)
    assert ("property", "getter") == (METHODS.info("property").name, Tools.getter.__name__)


def test_classmethod_of_a_class_in_a_function_is_refused(registry: FunctionRegistry[Any]) -> None:
    """Where nothing leads to the class, the decorator says so at once, not the listing later."""
    with pytest.raises(TypeError, match=r"make a|made in a function"):

        class Local:
            @registry.register
            @classmethod
            def create(cls) -> None: ...

    assert [] == list(registry)


def test_classmethod_is_not_there_before_its_class(registry: FunctionRegistry[Any]) -> None:
    """Asked for in the body of its class, a classmethod is an import error with its cause."""
    code = """
class Early:
    @registry.register
    @classmethod
    def create(cls): return cls
    try:
        registry["create"]
    except ImportError as error:
        caught = error
late = registry["create"]()
"""
    list(registry)
    namespace = {"registry": registry, "__name__": "early_module"}
    sys.modules["early_module"] = module = type(sys)("early_module")
    try:
        exec(code, vars(module) | namespace, vars(module))
        with pytest.raises(FunctionImportError) as caught:
            raise vars(vars(module)["Early"])["caught"]
    finally:
        del sys.modules["early_module"]

    assert ("create", "early_module") == (caught.value.function, caught.value.name)
    assert vars(module)["Early"] is vars(module)["late"]


def test_stacked_decorators_work_in_both_orders(registry: FunctionRegistry[Any]) -> None:
    """Registered is what the decorator is given: the wrapped function, or the one inside."""

    @registry.register("outside")
    @counted
    @registry.register("inside")
    def function(a: int) -> int:
        """Stay."""
        return a

    assert function is registry["outside"] is not registry["inside"]
    assert function.__wrapped__ is registry["inside"]  # type: ignore[attr-defined]
    for info in map(registry.info, registry):
        assert ("Stay.", "(a: int) -> int") == (info.doc, str(info.signature))


def test_one_function_may_have_several_registrations(registry: FunctionRegistry[Any]) -> None:
    """Two names in one registry, and another registry, take one function."""
    other: FunctionRegistry[Any] = FunctionRegistry("others")

    @registry.register("first", tags=["a"])
    @registry.register("second", tags=["b"])
    @other.register
    def function() -> None: ...

    assert (["second", "first"], ["function"]) == (list(registry), list(other))
    assert (("a",), ("b",)) == (registry.info("first").tags, registry.info("second").tags)


class Odd:
    """A callable whose name is no text."""

    __name__ = 5

    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    "function", [functools.partial(plain, 1), Scale(), operator.itemgetter(1), Odd()]
)
def test_callable_without_a_name_needs_one(function: Any, registry: Any) -> None:
    """What has no ``__name__`` is refused with the line to write instead."""
    with pytest.raises(UnnamedFunctionError, match=r'has no name of its own.*register\("name"\)'):
        registry.register(function)

    assert 0 == len(registry)


@pytest.mark.parametrize("thing", [5, ["a"], property(len)])
def test_what_cannot_be_called_is_refused(thing: Any, registry: FunctionRegistry[Any]) -> None:
    """Only callables are functions."""
    with pytest.raises(TypeError, match=r"filters: .* cannot be called"):
        registry.register(thing)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tags": "blur"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"aliases": b"ab"}, "aliases"),
        ({"aliases": ["a", None]}, "aliases"),
        ({"contract": 3}, "contract"),
        ({"name": 3}, "name"),
    ],
)
def test_wrong_argument_is_named(options: dict[str, Any], field: str, registry: Any) -> None:
    """What a file could not give back, and a name that is given twice, is refused at once."""
    for function in ((), (plain,)):
        with pytest.raises(ConfigError, match=rf"^{field} is "):
            registry.register(*function, **options)
    with pytest.raises(ConfigError, match="name is 'b'"):
        registry.register("a", name="b")

    assert [] == list(registry)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "r", "package": ""}, "package"),
        ({"name": "r", "package": 5}, "package"),
        ({"name": "r", "package": "app..filters"}, "package"),
        ({"name": "r", "facts": {"cost": int}}, "facts"),
        ({"name": "r", "package": "app", "strict": "no"}, "strict"),
        ({"name": "r", "enable_cache": "no"}, "enable_cache"),
        ({"name": "r", "package": "app", "max_age_days": -1}, "max_age_days"),
        ({"name": "r", "package": "app", "cache_dir": ""}, "cache_dir"),
        ({"name": "r", "package": "app", "exclude": "tests"}, "exclude"),
        ({"name": "r", "package": "app.filters", "exclude": ["a", "app.filters.b"]}, "exclude"),
        ({"name": "r", "package": "app", "exclude": ("app",)}, "exclude"),
        ({"name": "r", "entry_points": "app.filters", "exclude": ["tests"]}, "exclude"),
        ({"name": "r", "entry_points": "app filters"}, "entry_points"),
        *(
            ({"name": "r", field: value}, field)
            for field, value in {
                "strict": True,
                "depends_on": [File("a")],
                "max_age_days": None,
                "cache_dir": "here",
            }.items()
        ),
    ],
)
def test_registry_is_not_made_of_wrong_arguments(arguments: dict[str, Any], field: str) -> None:
    """Each argument is checked when a registry is made; some say nothing without a package."""
    with pytest.raises(ConfigError, match=rf"^{field} is "):
        FunctionRegistry(**arguments)


def test_patterns_may_begin_as_the_package_does() -> None:
    """Only the whole name is taken for the package; what is made of other parts fits below it."""
    for pattern in ("app_old.x", "filters", "filters.app", "*.app"):
        registry = FunctionRegistry("r", "app.filters", exclude=[pattern])

        assert pattern in str(registry._scope and registry._scope.exclude)


# Names that are taken.


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "a"}, {"name": "a"}),
        ({"name": "a"}, {"name": "b", "aliases": ["a"]}),
        ({"name": "b", "aliases": ["a"]}, {"name": "a"}),
        ({"name": "b", "aliases": ["a"]}, {"name": "c", "aliases": ["a"]}),
    ],
)
@pytest.mark.parametrize("opened", [False, True])
def test_name_never_changes_hands(
    opened: bool, first: dict[str, Any], second: dict[str, Any], registry: Any
) -> None:
    """Two different functions under one name or alias raise, and the first one stays."""
    registry.register(plain, **first)
    if opened:
        list(registry)

    with pytest.raises(DuplicateFunctionError) as caught:
        registry.register(generator, **second)

    error = caught.value
    assert ("filters", "a") == (error.registry, error.name)
    assert error.first.startswith(f"plain (registered in {__name__}, line ")
    assert error.second.startswith(f"generator (registered in {__name__}, line ")
    assert f"'a' is held by {error.first} and claimed by {error.second}" in str(error)
    assert plain is registry["a"]
    assert [first["name"]] == list(registry)


def make(number: int) -> Callable[[], int]:
    """A function like others that this makes."""

    def made() -> int:
        return number

    return made


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda: 1, lambda: 2),
        (make(1), make(2)),
        (functools.partial(pow, 2), functools.partial(pow, 3)),
        (Scale(2), Scale(3)),
    ],
)
def test_nameless_functions_do_not_share_a_name(first: Any, second: Any, registry: Any) -> None:
    """Functions that look alike from outside are told by the lines that register them."""
    registry.register("a")(first)

    with pytest.raises(DuplicateFunctionError):
        registry.register("a")(second)

    assert first is registry["a"]


CELLS = {
    "function": "@r.register({})\ndef f(a{}):\n    '''{}'''",
    "lambda": "r.register('f', {})(lambda a{}: '''{}''')",
    "closure": "def g():\n    def f(a{1}): '''{2}'''\n    return f\nr.register('f', {0})(g())",
    "partial": "import functools as t\nr.register('f', {})(t.partial(lambda c, a{}: '''{}''', 1))",
    "object": "class F:\n    '''{2}'''\n    def __call__(self, a{1}): 0\nr.register('f', {0})(F())",
    "static": "class F:\n    @r.register({})\n    @staticmethod\n    def f(a{}): '''{}'''",
    "class": "class F:\n    @r.register({})\n    @classmethod\n    def f(cls, a{}): '''{}'''",
}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("used", [False, True])
def test_cell_that_runs_again_replaces_quietly(
    kind: str, used: bool, registry: FunctionRegistry[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edited cell's function, tags, aliases and signature are what is known afterwards."""
    notebook = type(sys)("a_notebook")
    monkeypatch.setitem(sys.modules, "a_notebook", notebook)
    vars(notebook)["r"] = registry
    exec(CELLS[kind].format("tags=['old'], aliases=['was']", "", "One."), vars(notebook))
    if used:
        assert (("old",), "(a)") == (registry.info("f").tags, str(registry.info("was").signature))
        registry["f"], registry.search("old"), list(registry.query(tag="old"))
    before = registry["f"] if used else None

    exec("\n\n" + CELLS[kind].format("tags=['new'], aliases=['is']", ", b", "Two."), vars(notebook))

    info = registry.info("f")
    assert (("new",), ("is",), "(a, b)") == (info.tags, info.aliases, str(info.signature))
    assert registry["f"] is not before
    assert ("is" in registry, "was" in registry) == (True, False)
    assert (["f"], []) == (list(registry.query(tag="new")), list(registry.query(tag="old")))
    assert ["f"] == list(registry)
    registry.register("was")(plain)


def test_alias_that_was_given_up_is_free(registry: FunctionRegistry[Any]) -> None:
    """A function registered again is no conflict; without an alias it leaves that to others."""
    registry.register(plain, aliases=["a", "b"])
    registry.register(plain, aliases=["b"])

    registry.register("a")(generator)

    assert [plain, plain, generator] == [registry["plain"], registry["b"], registry["a"]]


# Facts of a declared class.


@attrs.frozen
class Cost:
    """How much a filter costs."""

    seconds: float
    where: tuple[str, ...] = ()
    kept: bool = attrs.field(default=True, validator=attrs.validators.instance_of(bool))


def test_facts_are_an_instance_of_their_class() -> None:
    """``info().facts`` is what the declared class makes of the keywords, defaults too."""
    registry: FunctionRegistry[Cost] = FunctionRegistry("filters", facts=Cost)
    registry.register(seconds=1.5, where=("cpu", "gpu"))(plain)

    assert Cost(1.5, ("cpu", "gpu")) == registry.info("plain").facts


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({}, "seconds"),
        ({"seconds": 1.0, "costs": 2}, "costs"),
        ({"seconds": 1.0, "kept": 5}, "kept"),
    ],
)
def test_wrong_facts_are_an_error_where_they_are_written(
    facts: dict[str, Any], problem: str
) -> None:
    """Facts that the class does not take raise in the decorator; nothing is registered."""
    registry: FunctionRegistry[Cost] = FunctionRegistry("filters", facts=Cost)

    with pytest.raises(FactsError, match=rf"filters: the facts of 'plain' do not fit: .*{problem}"):
        registry.register(**facts)(plain)

    assert [] == list(registry)


# Questions about what is not there.


def test_unknown_name_is_a_key_error_with_proposals(registry: FunctionRegistry[Any]) -> None:
    """A misspelt name names those like it."""
    registry.register(generator)

    with pytest.raises(UnknownFunctionError) as caught:
        registry["generater"]

    error = caught.value
    assert ("filters", "generater", ("generator",)) == (error.registry, error.name, error.close)
    assert "filters has no function 'generater'. Did you mean 'generator'?" == str(error)
    with pytest.raises(UnknownFunctionError, match="'generater'"):
        registry.info("generater")


def test_key_that_is_no_text_is_unknown(registry: FunctionRegistry[Any]) -> None:
    """A number is no name; what cannot be hashed is an error as with a dict."""
    odd: Any = 5

    assert odd not in registry
    with pytest.raises(KeyError, match="has no function 5"):
        registry[odd]
    with pytest.raises(TypeError, match="unhashable"):
        registry[odd := []]


def test_registry_is_a_mapping(registry: FunctionRegistry[Any]) -> None:
    """Views, comparison and unpacking are those of any mapping."""
    registry.register("b")(plain)
    registry.register("a")(generator)

    assert {"b": plain, "a": generator} == registry == dict(registry) == {**registry}
    assert (["b", "a"], [plain, generator]) == (list(registry.keys()), list(registry.values()))


def test_registry_of_this_process_searches_nothing(registry: FunctionRegistry[Any]) -> None:
    """Without a package there is no report, no failure and nothing to refresh."""
    registry.register(plain)

    registry.refresh()

    assert (None, {}, {}) == (registry.report, registry.failures, registry.rejected)
    assert ("filters", ["plain"]) == (registry.name, list(registry))


def test_selection_has_its_functions_and_no_other(registry: FunctionRegistry[Any]) -> None:
    """A selection has its own, by aliases too, and knows nothing of what is registered later."""
    registry.register(plain, tags=["a"], aliases=["p"])
    registry.register(generator)
    selection = registry.query(tag="a")
    registry.register("late", tags=["a"])(len)

    assert (["plain"], 1, plain) == (list(selection), len(selection), selection["p"])
    assert ("plain" in selection, "p" in selection, "generator" in selection) == (True, True, False)
    assert ("plain", []) == (selection.info("p").name, list(selection.query(text="count")))
    assert ["plain", "late"] == list(registry.query(tag="a"))
    with pytest.raises(KeyError, match=r"^selection of filters has no function 'generator'\.$"):
        selection["generator"]
    with pytest.raises(KeyError):
        selection.info("generator")


def test_misspelt_name_in_a_selection_has_its_names_as_proposals(
    registry: FunctionRegistry[Any],
) -> None:
    """A selection proposes names that it has, and none of others."""
    registry.register("generate", tags=["a"])(plain)
    registry.register(generator)

    with pytest.raises(UnknownFunctionError) as caught:
        registry.query(tag="a")["generater"]

    assert ("generate",) == caught.value.close


@pytest.mark.parametrize(
    "use",
    [
        lambda functions: functions.name,
        len,
        lambda functions: functions._known("a"),
        lambda functions: functions._load("a", {}),
        lambda functions: functions._unknown("a"),
    ],
)
def test_base_class_leaves_to_its_sub_classes(use: Callable[[Any], Any]) -> None:
    """``Functions`` alone knows no functions: what a sub-class must say is missing."""
    functions: Functions[Any] = Functions()

    with pytest.raises(NotImplementedError):
        use(functions)


class Plain:
    """A class that cattrs knows nothing of."""

    def __init__(self, cost: Any) -> None:
        self.cost = cost


def test_facts_of_a_class_that_cannot_be_stored_are_an_error() -> None:
    """A facts class that cattrs cannot make from what is stored is told when it is asked for."""
    registry = FunctionRegistry("plain", facts=Plain)
    registry.register("p", cost=1)(plain)

    with pytest.raises(FactsError, match=r"plain: the facts of 'p' do not fit.*Plain"):
        registry.info("p")


def test_question_is_answered_from_what_was_described(registry: FunctionRegistry[Any]) -> None:
    """What is registered while a question is answered counts in the next one."""
    registry.register(plain)
    asked = registry._described()
    registry.register(generator, tags=["late"])

    assert (["plain"], ["plain", "generator"]) == (list(asked.described()), list(registry))
    assert ["generator"] == list(registry.query(tag="late"))

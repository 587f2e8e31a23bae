"""What checkers know of regcache_functions; read by mypy and pyright, never executed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
from typing_extensions import assert_type

from regcache_core import Distribution, File, Report, Verification
from regcache_core.discovery import Selection
from regcache_functions import (
    Catalogue,
    FunctionMetadata,
    FunctionRegistry,
    Parameter,
    Reject,
    Signature,
)


@attrs.frozen
class Cost:
    """Facts about a function."""

    seconds: float


PLAIN: FunctionRegistry[Any] = FunctionRegistry("plain")
COSTS = FunctionRegistry("costs", package="app.filters", facts=Cost, depends_on=[File("a")])
FunctionRegistry("several", "app.filters", packages=["ext.*"])
FunctionRegistry("by pattern", packages=("ext.*",))
FunctionRegistry("wrong", packages=[1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
FunctionRegistry("ages", package="app.filters", max_age_days=None, cache_dir=Path("a"))


@COSTS.register
def bare(x: int) -> str:
    """Registered without arguments."""
    return str(x)


@COSTS.register("named", tags=["a"], aliases=("b",), contract="3d", seconds=1.0)
def named(x: int, *, y: float = 1.0) -> list[float]:
    """Registered with a name."""
    return [x * y]


@PLAIN.register(name="other", anything=object())
async def coroutine(x: int) -> int:
    """Registered with a name by keyword."""
    return x


class Tools:
    """Methods keep their types."""

    @PLAIN.register
    def method(self, x: int) -> int:
        """Give it back."""
        return x

    @staticmethod
    @PLAIN.register("static")
    def static(x: int) -> int:
        """Give it back."""
        return x

    @classmethod
    @PLAIN.register
    def create(cls, x: int) -> "Tools":
        """Make one."""
        return cls()


def decorated() -> None:
    """A decorator gives the function back with its type."""
    assert_type(bare(1), str)
    assert_type(named(1, y=2.0), list[float])
    assert_type(Tools().method(1), int)
    assert_type(Tools.static(1), int)
    assert_type(Tools.create(1), Tools)
    assert_type(COSTS, FunctionRegistry[Cost])


async def awaited() -> None:
    """A coroutine stays one."""
    assert_type(await coroutine(1), int)


def mapping(registry: FunctionRegistry[Cost], name: str) -> None:
    """A registry is a mapping of names to callables."""
    assert_type(registry[name], Callable[..., Any])
    assert_type(registry.get(name), Callable[..., Any] | None)
    assert_type(list(registry), list[str])
    assert_type(iter(registry), Iterator[str])
    assert_type(dict(registry), dict[str, Callable[..., Any]])
    assert_type(name in registry, bool)
    assert_type(len(registry), int)
    assert_type(registry.name, str)
    assert_type(registry.report, Report | None)
    assert_type(registry.failures, dict[str, str])
    assert_type(registry.verify(), Verification)
    assert_type(registry.rejected, dict[str, str])


def metadata(registry: FunctionRegistry[Cost]) -> None:
    """Metadata have the registry's class of facts."""
    info = registry.info("a")
    assert_type(info, FunctionMetadata[Cost])
    assert_type(info.facts, Cost)
    assert_type(info.facts.seconds, float)
    assert_type(info.signature, Signature | None)
    assert_type(info.tags, tuple[str, ...])
    assert_type(info.contract, str | None)
    assert_type(info.func, Callable[..., Any])
    assert_type(info.load(), Callable[..., Any])
    assert_type(info.read_doc(), str)
    info.doc = "b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    if info.signature:
        assert_type(info.signature.parameters, tuple[Parameter, ...])


def questions(registry: FunctionRegistry[Cost]) -> None:
    """Selections keep the class of facts."""
    some = registry.query(tag="a", where=lambda info: info.facts.seconds > 1)
    assert_type(some, Selection[str, Callable[..., Any], FunctionMetadata[Cost]])
    assert_type(registry.search("a", limit=5)["b"], Callable[..., Any])
    assert_type(registry.list("a*"), list[str])
    assert_type(registry.search("a").query(text="b").info("c").facts, Cost)
    assert_type(registry.to_json(), str)


def probe(function: Callable[..., Any]) -> Cost:
    """A trial that returns facts."""
    if function.__name__ == "slow":
        raise Reject("too slow")
    return Cost(1.0)


def scanned() -> None:
    """A scan gives a registry with the class of facts that is declared."""
    registry = FunctionRegistry.scan(
        "statistics", probe=probe, facts=Cost, public="names", depends_on=(Distribution("a"),)
    )
    assert_type(registry, FunctionRegistry[Cost])
    assert_type(registry.info("fmean").facts, Cost)
    Catalogue([registry, PLAIN])

"""Writes `toolbox`: an application with a library of 200 decorated functions in 40 modules.

It is written and not committed. The modules need the standard library and `regcache_functions`
only; each builds a small table at import, as modules of filters do. The kinds of functions take
turns, so three modules have them all.
"""

from __future__ import annotations

from pathlib import Path

#: Sub-packages of `toolbox.filters`, which the modules are dealt to in turn.
FAMILIES = ("blur", "edge", "color", "noise", "shape", "texture", "mask", "warp", "zoom", "light")

#: How many modules there are, and how many functions in each.
MODULES, FUNCTIONS = 40, 5

_REGISTRY = '''\
"""The registry that every module of filters registers with."""

from regcache_functions import FunctionRegistry

FILTERS: FunctionRegistry = FunctionRegistry("toolbox filters", package="toolbox.filters")
'''

_SUPPORT = '''\
"""Decorators that stand between a filter and its registration."""

import functools


def clipped(low, high):
    """Keep each value of the result between two bounds."""

    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            return [min(max(value, low), high) for value in function(*args, **kwargs)]

        return call

    return decorate


def counted(function):
    """Count the calls."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        call.calls += 1
        return function(*args, **kwargs)

    call.calls = 0
    return call
'''

_MODULE = '''\
"""Filters of the family {family}, part {module}."""
{future}
import math
from collections.abc import AsyncIterator, Iterator, Sequence

from toolbox.registry import FILTERS
from toolbox.support import clipped, counted

#: Brightness by a power, for eight bits.
TABLE = [round(255 * (level / 255) ** {power}) for level in range(256)]
'''

_NAMED = '''\
@FILTERS.register("{key}", tags=["{family}"], aliases=["{alias}"], cost={cost})
def {key}(values: Sequence[float], radius: int = {cost}, *, mode: str = "reflect") -> list[float]:
    """Brighten by the table, over a radius.

    The second paragraph is what help shows, and a listing does not.
    """
    return [TABLE[int(value) % 256] / radius for value in values]
'''

_BARE = '''\
@FILTERS.register
def {key}(values: Sequence[float], sigma: float = 1.{cost}, truncate: float = 4.0) -> list[float]:
    """Weigh values by a bell."""
    return [value * math.exp(-sigma * sigma / truncate) for value in values]
'''

_COROUTINE = '''\
@FILTERS.register(tags=["{family}", "async"], cost={cost})
async def {key}(values: Sequence[float], /, *, gain: float = {cost}.0) -> list[float]:
    """Multiply, and let others run."""
    return [value * gain for value in values]
'''

_GENERATOR = '''\
@FILTERS.register(name="{key}", tags=["{family}", "stream"], contract="stream")
def {family}_stream_{number}(values: Sequence[float], size: int = {cost}) -> Iterator[list[float]]:
    """Give the values tile by tile."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
'''

_STACKED = '''\
@FILTERS.register("{key}", contract="1d", bounds={{"low": 0, "high": 255}})
@clipped(0, 255)
@counted
def {key}(values: Sequence[float], *shifts: float, **options: object) -> list[float]:
    """Shift, and keep what eight bits hold."""
    return [value + sum(shifts) for value in values]
'''

_METHOD = '''\
class {title}{number}:
    """A filter with a state of its own."""

    def __init__(self, gain: float = {cost}.0) -> None:
        self.gain = gain

    @FILTERS.register("{key}", tags=["{family}", "method"])
    def {key}(self, values: Sequence[float]) -> list[float]:
        """Multiply by the gain of the object."""
        return [value * self.gain for value in values]
'''

_STATIC = '''\
class {title}{number}:
    """A name for what belongs together."""

    @staticmethod
    @FILTERS.register(tags=("{family}", "static"), aliases=("{alias}",))
    def {key}(values: "Sequence[float]", order: int = {cost}) -> "list[float]":
        """Sort every part of so many values."""
        return [v for at in range(0, len(values), order) for v in sorted(values[at : at + order])]
'''

_ASYNC_GENERATOR = '''\
@FILTERS.register("{key}", contract="stream", cost={cost})
@counted
async def {key}(values: Sequence[float], step: int = {cost}) -> AsyncIterator[float]:
    """Give a value for each step, when it is asked for."""
    for value in values[::step]:
        yield value
'''

_UNDESCRIBED = """\
@FILTERS.register()
def {key}(values, limit=None, _scale=0.{cost}):
    return [value * _scale for value in values if limit is None or value < limit]
"""

#: Eleven, so that modules of five functions do not all look alike.
KINDS = (
    _NAMED,
    _BARE,
    _COROUTINE,
    _GENERATOR,
    _STACKED,
    _METHOD,
    _STATIC,
    _NAMED,
    _BARE,
    _ASYNC_GENERATOR,
    _UNDESCRIBED,
)


def write_toolbox(folder: Path) -> list[str]:
    """Write the package into a folder; gives the names that it registers, aliases apart."""
    package = folder / "toolbox"
    for family in FAMILIES:
        _write(package / "filters" / family / "__init__.py", f'"""Filters: {family}."""\n')
    _write(package / "filters" / "__init__.py", '"""Every filter, by family."""\n')
    _write(package / "__init__.py", '"""A box of tools."""\n\n__version__ = "1.0"\n')
    _write(package / "registry.py", _REGISTRY)
    _write(package / "support.py", _SUPPORT)
    keys = []
    for module in range(MODULES):
        family = FAMILIES[module % len(FAMILIES)]
        numbers = range(module * FUNCTIONS, (module + 1) * FUNCTIONS)
        text = _module(family, module, numbers)
        _write(package / "filters" / family / f"{family}_part_{module:03}.py", text)
        keys += [_key(family, number) for number in numbers]
    return keys


def _module(family: str, module: int, numbers: range) -> str:
    """One module; annotations are texts in every other one, and objects in the rest."""
    future = "\nfrom __future__ import annotations\n" if module % 2 else ""
    power = 0.5 + module % 10 / 10
    head = _MODULE.format(family=family, module=module, future=future, power=power)
    return "\n\n".join([head, *(_function(family, number) for number in numbers)])


def _function(family: str, number: int) -> str:
    """One function, of the kind whose turn it is."""
    return KINDS[number % len(KINDS)].format(
        key=_key(family, number),
        alias=f"{family[0]}{number}",
        family=family,
        title=family.title(),
        number=number,
        cost=1 + number % 9,
    )


def _key(family: str, number: int) -> str:
    """The name that a function is registered by."""
    return f"{family}_{number:03}"


def _write(path: Path, text: str) -> None:
    """Write one file, and the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

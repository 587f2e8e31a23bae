"""Functions that register themselves: what is noted of each, where it happens, who holds a name."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .functions import Record


class Registration:
    """One function as it was registered.

    Attributes:
        value: What was registered.
        module: The module that brings it: importing that registers it.
        name: Its name.
        tags: Its tags.
        aliases: Its other names.
        contract: Its declared contract.
        facts: What else was declared.
        label: Its qualified name; empty for one that has none, or shares it with others (a lambda).
        line: The line that registers it.
        run: Code of the module, or of the cell, whose execution registers it; ``None`` if that is
            done by another one.
    """

    def __init__(
        self,
        value: "Any",
        name: str,
        tags: "tuple[str, ...]",
        aliases: "tuple[str, ...]",
        contract: "str | None",
        facts: "Any",
        place: "tuple[str, int, Any]",
    ) -> None:
        self.value = value
        self.name = name
        self.tags = tuple(dict.fromkeys(tags))
        self.aliases = tuple(each for each in dict.fromkeys(aliases) if each != name)
        self.contract = contract
        self.facts = facts
        self.module, self.line, self.run = place
        label = getattr(value, "__qualname__", "")
        self.label = label if isinstance(label, str) and "<" not in label else ""

    def replaces(self, held: "Registration") -> bool:
        """Whether it is the same declaration again: a reload, a cell; or the other's file is gone.

        One without a name is told by its line, for as long as its module is executed.
        """
        from regcache_core.discovery import is_gone, is_same_source

        if is_gone(held.module) or held.value is self.value:
            return True
        if self.label != held.label:
            return False
        if not is_same_source(self.module, held.module):
            homes = {getattr(each.value, "__module__", None) for each in (self, held)}
            return (
                self.label != ""
                and len(homes) == 1
                and not homes.isdisjoint((self.module, held.module))
            )
        return self.label != "" or self.line == held.line or self.run is not held.run

    def is_recorded(self, record: "Record") -> bool:
        """Whether a record that was found is about this function, or about one that is gone."""
        from regcache_core.discovery import is_gone, is_same_source

        if is_same_source(self.module, record["module"]) or is_gone(record["module"]):
            return True
        home = record.get("defined_in", record["module"])
        return self.label == record["qualname"] and self.module == home

    @property
    def place(self) -> str:
        """What it is called in ``failures``: ``module:qualname``, else the line of the module."""
        return f"{self.module}:{self.label or self.line}"

    def __str__(self) -> str:
        name = self.label or getattr(self.value, "__qualname__", type(self.value).__qualname__)
        return f"{name} (registered in {self.module}, line {self.line})"


#: By the identity of a registry: module -> the ``Registrations`` that it registered with last. A
#: registry that is made again (by a reload; by its module run as ``__main__`` too) is another
#: object, which modules that are imported already know nothing of.
_KNOWN: "dict[tuple[str, str | None], dict[str, Registrations]]" = {}


class Registrations:
    """The functions that are registered in this process, and who holds which name or alias.

    One whose name another function holds is its *rival*.

    Args:
        identity: Name and package of the registry.
    """

    __slots__ = ("_all", "_claims", "_holders", "_homes", "_runs")

    def __init__(self, identity: "tuple[str, str | None]") -> None:
        self._all: list[Registration] = []
        self._holders: dict[str, Registration] = {}
        self._claims: dict[str, Registration] = {}
        self._homes = _KNOWN.setdefault(identity, {})
        self._runs: dict[str, object] = {}  # module -> its code as it registered first

    def get(self, name: str) -> "Registration | None":
        """The function of a name, if there is one."""
        return self._holders.get(name)

    def all(self) -> "list[Registration]":
        """The functions, rivals too, in the order of their first registration."""
        return [*self._all]

    def holder(self, new: Registration) -> "tuple[str, Registration] | None":
        """A name that another function holds and ``new`` claims, and that function."""
        for name in (new.name, *new.aliases):
            held = self._claims.get(name)
            if held is not None and not new.replaces(held):
                return name, held
        return None

    def put(self, new: Registration) -> None:
        """Add a function, or put it in the place of one of its name."""
        old = self._holders.get(new.name)
        for name in old.aliases if old is not None else ():
            self._claims.pop(name, None)
        self._replace(old, new)
        self._holders[new.name] = new
        self._claims.update(dict.fromkeys((new.name, *new.aliases), new))

    def _replace(self, old: "Registration | None", new: Registration) -> None:
        """Put a function in the place of another one, or behind all."""
        self._homes[new.module] = self
        if old is None:
            self._all.append(new)
        else:
            self._all[self._all.index(old)] = new

    def is_anew(self, new: Registration) -> bool:
        """Whether the module of a function is executed anew: by a reload, or as a cell."""
        return new.run not in (None, self._runs.setdefault(new.module, new.run))

    def former(self, new: Registration) -> "Registration | None":
        """What a function was before its module was executed anew (a reload, a cell) and named it.

        The first one, if it has several names: each that is given anew takes the place of one.
        """
        if not self.is_anew(new) or new.label == "" or new.name in self._holders:
            return None
        place = new.module, new.label
        some = [each for each in self.all() if (each.module, each.label) == place]
        return next((each for each in some if each.run not in (None, new.run)), None)

    def put_rival(self, new: Registration) -> None:
        """Add a function whose name another one holds, or put it in the place of a rival."""
        if self._holders.get(new.name) is new:  # until now
            del self._holders[new.name]
            return
        rivals = [each for each in self._all if each.name == new.name and self.is_rival(each)]
        self._replace(next(filter(new.replaces, rivals), None), new)

    def is_rival(self, registration: Registration) -> bool:
        """Whether another function holds the name."""
        return self._holders.get(registration.name) is not registration

    def give(self, winners: "Iterable[Registration]") -> None:
        """Let these hold their names from now on, and the others be their rivals.

        One that is not registered holds none, but the others are its rivals.
        """
        known = {*self._all}
        for each in winners:
            self._holders.pop(each.name, None)
            if each in known:
                self._holders[each.name] = each

    def elsewhere(self, modules: "Iterable[str]") -> "list[str]":
        """Those modules whose functions are registered with another object for this registry."""
        return [name for name in modules if self._homes.get(name, self) is not self]

    def forget(self, is_gone: "Callable[[Registration], bool]") -> None:
        """Take functions out."""
        gone = {*filter(is_gone, self._all)}
        self._all = [each for each in self._all if each not in gone]
        for held in (self._holders, self._claims):
            for name in [name for name, each in held.items() if each in gone]:
                del held[name]


def name_of_function(registry: str, function: "Any", name: "str | None") -> str:
    """The name that a function is registered under: the given one, else its own.

    Raises:
        TypeError: It is no function, or a method that nothing would lead to.
        UnnamedFunctionError: It has no name of its own, and none is given (a ``TypeError``).
    """
    if not callable(function) and not isinstance(function, classmethod):
        raise TypeError(f"{registry}: {function!r} cannot be called, so it is no function")
    if isinstance(function, classmethod) and "<locals>" in function.__func__.__qualname__:
        raise TypeError(
            f"{registry}: {function.__func__.__qualname__} is a classmethod of a class made "
            "in a function, where it cannot be found. Register the method of the class itself."
        )
    name = name or getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        from .errors import UnnamedFunctionError

        raise UnnamedFunctionError(registry, repr(function))
    return name


def make_facts(
    facts_type: "type | None", registry: str, name: str, given: "dict[str, Any]"
) -> "Any":
    """Facts as they are declared by keyword: an instance of the declared class, else the mapping.

    Raises:
        FactsError: They do not fit the class.
    """
    if facts_type is None:
        return given
    try:
        return facts_type(**given)
    except (TypeError, ValueError) as error:  # also what validators and converters raise
        from .errors import FactsError

        raise FactsError(registry, name, f"{type(error).__name__}: {error}") from error


def place_of(function: "Any", contains: "Callable[[str], bool] | None") -> "tuple[str, int, Any]":
    """The module that brings a function, the line that registers it, and what is executed.

    Args:
        function: What is registered.
        contains: Whether a module, given by its name, lies in the registry's package; ``None``
            for a registry without one.
    """
    frames = list(_frames())
    line, last = frames[0].f_lineno, frames[-1]
    # An object and a partial have the module of their class.
    home = getattr(function, "__module__", None) if hasattr(function, "__qualname__") else None
    home = home or str(frames[0].f_globals.get("__name__"))
    if contains is not None:
        from regcache_core.discovery import modules_in_execution

        home = next(modules_in_execution(contains), home)
    is_own = _is_whole(last.f_code) and last.f_globals.get("__name__") == home
    return home, line, last.f_code if is_own else None


def _frames() -> "Iterator[Any]":
    """The code that called into this package, and its callers up to a module's own code."""
    frame: Any = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(f"{__package__}."):
        frame = frame.f_back
    while frame is not None:
        yield frame
        if _is_whole(frame.f_code):
            return
        frame = frame.f_back


def _is_whole(code: "Any") -> bool:
    """Whether code is that of a module or a cell (``inspect.CO_NEWLOCALS`` is of functions)."""
    return code.co_name[0] == "<" and not code.co_flags & 2


def declaration() -> "list[tuple[str, int]]":
    """Module and line where a registry is made; of a factory's callers too, in one application.

    One that is made when a program runs, not when a module is imported, is told by its first line.
    """
    frames = [(str(each.f_globals.get("__name__")), each) for each in _frames()]
    module, last = frames[-1]
    is_import = last.f_code.co_name == "<module>"
    if not is_import or module.partition(".")[0] != frames[0][0].partition(".")[0]:
        frames = frames[:1]
    return [(module, frame.f_lineno) for module, frame in frames]


def resolve_method(value: "Any") -> "Any":
    """What a registered ``staticmethod`` or ``classmethod`` stands for, once its class exists."""
    if isinstance(value, staticmethod):
        return value.__func__
    if isinstance(value, classmethod):
        from regcache_core.discovery import load_object

        return load_object(value.__func__.__module__, value.__func__.__qualname__)
    return value


def check(field: str, value: object, is_right: bool, expected: str) -> None:
    """As core's ``check_argument``, which is imported only where it raises."""
    if not is_right:
        from regcache_core.discovery import check_argument

        check_argument(field, value, False, expected)


def check_flags(**flags: object) -> None:
    """Raise ``ConfigError`` for an argument that is neither ``True`` nor ``False``."""
    for field, value in flags.items():
        check(field, value, isinstance(value, bool), "True or False")


def check_unused(other: str, **given: object) -> None:
    """Raise ``ConfigError`` for an argument that was given without another, which it needs."""
    for field, value in given.items():
        check(field, value, not value, f"it together with {other}=")


def is_module(name: object) -> bool:
    """Whether a value may be the full name of a module."""
    return isinstance(name, str) and "" not in name.split(".")


def is_package(name: object) -> bool:
    """Whether a value may be the name of a package, or a pattern of such names in a package."""
    return is_module(name) and {*"*?["}.isdisjoint(str(name).partition(".")[0])


def texts_of(field: str, given: "Iterable[str]") -> "tuple[str, ...]":
    """A list of texts, as it is kept.

    Raises:
        ConfigError: It is something else, such as one text.
    """
    is_list = hasattr(given, "__iter__") and not isinstance(given, (str, bytes))
    texts: tuple[Any, ...] = tuple(given) if is_list else (None,)
    check(field, given, all(isinstance(each, str) for each in texts), "a list of texts")
    return texts

"""The commands of a group, found by importing their modules; and whether a cached answer holds."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from regcache_core import ConfigError, Distribution, RegcacheError
from regcache_core.discovery import (
    Discovered,
    DuplicateItemError,
    Excluded,
    attribute_of,
    discovering,
    find_package,
    import_module,
    import_modules,
    is_unfinished,
    load_entry_point,
    load_installed,
    load_object,
    module_of,
    place_of,
    raise_if_signalled,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType
    from typing import Any

    from regcache_core import Verification
    from regcache_core.discovery import Cache, Failures

    from ..commands import CommandAdapter, CommandGroup

#: The columns at which helps are compared.
_WIDTHS = (40, 80, 120)
#: Columns enough for any text.
_ENDLESS = 1_000_000
_NOTHING: Mapping[str, Any] = {}


class CommandImportError(RegcacheError, click.ClickException):
    """A command is listed, but its module fails or does not hold it; the cause is chained.

    Attributes:
        command: Name of the command, or of the package of all of them.
        module: The module.
        problem: What happened, and where.
    """

    def __init__(self, command: str, module: str, problem: str) -> None:
        self.command, self.module, self.problem = command, module, problem
        click.ClickException.__init__(self, str(self))
        self.args = command, module, problem

    def __str__(self) -> str:
        return f"{self.command!r} cannot be run: {self.problem}"


def import_error(
    command: str, module: str, error: BaseException | None, record: Mapping[str, Any] = _NOTHING
) -> CommandImportError:
    """What is raised for a command whose module has raised an exception, or that two modules have.

    Args:
        command: Name of the command.
        module: The module.
        error: The exception; ``None`` if the record says what is wrong.
        record: What is stored of the command.
    """
    if error is None:
        return CommandImportError(command, module, record["error"])
    problem = (
        f"{type(error).__name__}: {error} ({place_of(error) or module}). Mend {module}, or install "
        f'what it lacks; python -c "import {module}" shows the whole traceback.'
    )
    return CommandImportError(command, module, problem)


def discover(adapter: CommandAdapter, cache: Cache) -> Discovered:
    """Import the modules of a group, and describe the commands in them.

    Raises:
        CommandImportError: The package itself fails.
    """
    group, package = adapter.group, adapter.package
    records: dict[str, dict[str, Any]] = {}
    commands = adapter.found = {}
    values: dict[str, object] = {}  # by the names of commands
    broken: dict[str, tuple[str, str]] = {}  # what fails is listed, but takes no name from others
    modules: list[ModuleType] = []
    # Module, attribute, what a command without a name is called (an entry point: its name), value.
    things: list[tuple[str, str, str, object]] = []
    named: list[tuple[str, str, str, object]] = []

    def refuse(label: str, error: BaseException) -> None:
        if label == package:
            raise import_error(group.name or label, label, error) from error
        failures.add(label, error)
        name, _, value = label.partition(" = ")
        text = failures.texts[label][0].partition("\n")[0]
        broken[name if value else _dashed(name)] = module_of(value) or label, text

    def load(name: str, value: str) -> None:
        found, attribute = load_entry_point(value), attribute_of(value)
        if attribute:
            named.append((module_of(value), attribute, name, found))
        else:
            modules.append(found)

    def put(name: str, module: str, attribute: str, facts: dict[str, Any]) -> None:
        record = {**facts, "module": module, "attribute": attribute}
        holder = records.setdefault(name, record)
        if holder is not record:
            first, second = _place(holder), _place(record)
            error = DuplicateItemError(group.name or "commands", name, first, second)
            failures.texts[second] = [f"{type(error).__name__}: {error}", ""]
            holder["error"] = failures.texts[second][0]
            commands.pop(name, None)

    def take(module: str, attribute: str, default: str, value: object, name: str = "") -> None:
        """List a global, if it is a command; under the name that an entry point gives it."""
        try:
            command = group.to_command(default, value)
            if command is None or not (name or _is_of(group, module, attribute, value)):
                return
            seen.add(id(value))
            name = name or command.name or default
            facts = _described(command)
        except Exception as error:  # a global may be anything, such as a proxy of nothing yet
            raise_if_signalled(error)
            failures.add(f"{module}.{attribute}", error)
            return
        if values.setdefault(name, value) is not value or name not in records:
            commands.setdefault(name, command)
            put(name, module, attribute, facts)
        if type(value).__module__.partition(".")[0] == "typer":
            cache.declared.add([Distribution("typer")])  # it makes names and texts

    excluded = Excluded(package, (*adapter.exclude, "_*"))
    with discovering(adapter, cache) as failures, cache.import_path.recording():
        if group.package:
            modules += filter(None, [import_module(package, refuse)])
            paths, prefix = find_package(package) or [], f"{package}."
            modules += import_modules(
                paths, prefix, refuse, recursive=False, packages=True, skip=excluded
            )
        if adapter.entry_points:
            load_installed(cache, failures, load, refuse)
        for module in modules:
            things += _globals_of(module, failures)
        seen = {*_members((group, *(value for *_, value in (*things, *named))))}
        for thing in things:
            if id(thing[-1]) not in seen:
                take(*thing)
        for home, attribute, name, value in named:
            take(home, attribute, name, value, name)
        for name, command in group._commands.added.items():  # which importing a module has added
            home = str(getattr(command.callback, "__module__", ""))
            if name not in records and adapter.contains(home):
                put(name, home, "", _described(command))
        filled = {record["module"] for record in records.values()}
        for module in modules:
            name = module.__name__
            if name not in filled and name != package and module.__doc__ and find_package(name):
                nested = group._commands.nested(_dashed(name), module)
                commands[_dashed(name)] = nested
                put(_dashed(name), name, "", {**_described(nested), "is_package": True})
        for name, (home, text) in broken.items():
            if name not in records:
                put(name, home, "", {"error": text})
    extra = {"failures": failures.texts, "skipped": excluded.noted}
    return Discovered(records, extra, failures.transient, is_unfinished(package))


def _dashed(module: str) -> str:
    """What a module's command is called, as click makes names of functions."""
    return module.rpartition(".")[2].replace("_", "-")


def _place(record: dict[str, Any]) -> str:
    return ":".join(filter(None, (record["module"], record["attribute"])))


def _globals_of(module: ModuleType, failures: Failures) -> Iterator[tuple[str, str, str, object]]:
    """The public globals of a module."""
    home = module.__name__
    for name in [*vars(module)]:
        if name[:1] == "_":
            continue
        try:
            yield home, name, _dashed(home), getattr(module, name)  # now, what it imports lazily
        except Exception as error:
            raise_if_signalled(error)
            failures.add(f"{home}.{name}", error)


def _is_of(group: CommandGroup, module: str, attribute: str, value: Any) -> bool:
    """Whether a command belongs to a module: it was made there, or stands in ``__all__``.

    No group over the same package does, or over one above.
    """
    above = getattr(value, "package", "") if isinstance(value, click.Group) else ""
    if above and f"{group.package}.".startswith(f"{above}."):
        return False
    maker = getattr(value, "callback", None) or value
    home = getattr(maker, "__module__", None)
    names = vars(sys.modules[home]) if home != module and home in sys.modules else {}
    is_imported = any(each is value for each in [*names.values()])
    return not is_imported or attribute in getattr(sys.modules[module], "__all__", ())


def _members(values: Iterable[Any]) -> Iterator[int]:
    """Identities of the commands and apps that lie in groups and apps, at any depth."""
    for value in values:
        inner: Iterable[Any] = ()
        if issubclass(type(value), click.Group):
            commands: Any = value.commands
            inner = [*getattr(commands, "added", commands).values()]  # nothing else is opened
        elif type(value).__module__.partition(".")[0] == "typer":
            inner = [each.typer_instance for each in getattr(value, "registered_groups", ())]
        yield from map(id, inner)
        yield from _members(inner)


def _described(command: click.Command) -> dict[str, Any]:
    """What the help of a group needs of a command, at any width."""
    short = str(command.short_help or "")
    # All but the first sentence is cut off at every width.
    text = "" if short else click.Command(None, help=command.help).get_short_help_str(_ENDLESS)
    record = {
        "help": text,
        "short_help": short,
        "hidden": bool(command.hidden),
        "deprecated": command.deprecated,
        "section": getattr(command, "section", ""),
        "order": getattr(command, "order", 0),
        "is_live": type(command).get_short_help_str is not click.Command.get_short_help_str,
    }
    return {name: value for name, value in record.items() if value}


def verify(group: CommandGroup) -> Verification:
    """``CommandGroup.verify``."""
    find, open_cached = (partial(_pages, each, *_reference(group)) for each in (False, True))
    return group._commands.listing.verify(lambda records, beside: {}, find, open_cached)


def _reference(group: CommandGroup) -> tuple[str, str, list[str]]:
    """Module and name of the outermost group, and the names that lead from there to a group."""
    names: list[str] = []
    while group.within is not None:
        group, name = group.within
        names.insert(0, name)
    for module in [*sys.modules.values()]:
        for attribute, value in [*getattr(module, "__dict__", {}).items()]:
            if value is group and module.__name__ != "__main__":
                return module.__name__, attribute, names
    expected = "one that is a global of a module which another process can import, no script"
    raise ConfigError("group", group.name, expected)


def _pages(is_cached: bool, module: str, attribute: str, names: list[str]) -> Any:
    """Records, failures, and the help of the group at each width.

    They are found, or come from the cache, which is left as it is; ``None`` if it says nothing.
    """
    group: Any = load_object(module, attribute)
    for name in names:
        group = group.commands[name]
    if is_cached and group._commands.listing.open_cached(read_only=True) is None:
        return None
    records, _ = group._commands.opened()
    pages = {}
    for width in _WIDTHS:
        settings = {**group.context_settings, "terminal_width": width}
        pages[str(width)] = group.get_help(click.Context(group, info_name=group.name, **settings))
    return {"items": dict(records), "extra": {"help": pages, "failures": group.failures}}

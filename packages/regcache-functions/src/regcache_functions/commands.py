"""A click group whose commands are listed without importing them: ``CommandGroup``.

Needs click (``regcache-functions[click]``), which nothing else in this package imports.
"""

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from functools import partial
from gettext import gettext, ngettext
from typing import TYPE_CHECKING, Any, TypeVar, cast

try:
    import click
except ModuleNotFoundError as error:
    message = "a group of commands needs click: pip install regcache-functions[click]"
    raise ModuleNotFoundError(message, name="click") from error

from regcache_core import CacheConfig, discovery
from regcache_core.discovery import (
    Adapter,
    Listing,
    check_argument,
    is_anonymous,
    is_plain_name,
    name_of,
    published_modules,
)

if TYPE_CHECKING:
    from types import ModuleType

    from regcache_core import Dependency, Report, Verification
    from regcache_core.discovery import Cache, Discovered, ImportPath

    from ._cold.commands import CommandImportError

__all__ = ["CommandGroup", "CommandImportError", "listed"]

C = TypeVar("C")
V = TypeVar("V", int, str)
#: Name of a command -> what is stored of it; and the commands that were asked for already.
State = tuple[Mapping[str, dict[str, Any]], dict[str, click.Command]]

#: What decides in which language a help is, as gettext has it; the values are inputs.
_LANGUAGE = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
#: What a record may hold: the place, and what the help of the group shows.
_FIELDS = {
    "module": str,
    "attribute": str,
    "help": str,
    "short_help": str,
    "section": str,
    "order": int,
    "hidden": bool,
    "deprecated": (bool, str),
    "is_package": bool,
    "is_live": bool,
    "error": str,
}


def listed(section: str = "", order: int = 0) -> Callable[[C], C]:
    """Say where the help of a ``CommandGroup`` shows a command, as a decorator above click's.

    Args:
        section: The heading under which it stands; those without one come first.
        order: Commands are sorted by this number, then by name.

    Raises:
        ConfigError: An argument is of the wrong kind (a ``ValueError``).

    >>> import click
    >>> from regcache_functions.commands import listed
    >>> @listed("Images", order=1)
    ... @click.command()
    ... def blur() -> None:
    ...     '''Smooth an image.'''
    """

    check_argument("section", section, isinstance(section, str), "a text: @listed('Images')")
    check_argument("order", order, isinstance(order, int), "a whole number")

    def place(command: C) -> C:
        vars(command).update(section=section, order=order)
        return command

    return place


class CommandAdapter(Adapter[State]):
    """What a group of commands tells its ``Listing``."""

    def __init__(self, group: "CommandGroup") -> None:
        # A name that no module can have where there is no package: nothing lies in that.
        package = group.package or f"entry points {group.entry_points}"
        super().__init__(group.name or "commands", package)
        home = getattr(group.callback, "__module__", None) or package
        self.application = (group.package or home).partition(".")[0]
        self.group = group
        self.entry_points = group.entry_points
        self.exclude = group.options["exclude"]
        self.depends_on = group.options["depends_on"]
        age, folder = group.options["max_age_days"], group.options["cache_dir"]
        self.cache_config = CacheConfig(age, cache_dir=folder)
        #: What the discovery of this process found.
        self.found: dict[str, click.Command] = {}

    def cache_name(self) -> str:
        return f"commands of {self.package} {self.entry_points} by {name_of(type(self.group))}"

    def settings(self) -> dict[str, Any]:
        """Also the language, which declared variables would be, with two modules more to import."""
        return {**super().settings(), "language": [*map(os.environ.get, _LANGUAGE)]}

    def anonymous_part(self) -> str:
        return "the class of the group" if is_anonymous(name_of(type(self.group))) else ""

    def parts(self) -> list[Any]:
        """Also click, which makes the names of commands from those of functions."""
        return [type(self.group), click.command]

    def places(self) -> list[str]:
        try:
            return super().places() if self.group.package else []
        except ModuleNotFoundError as error:
            from ._cold.commands import import_error

            raise import_error(self.group.name or self.package, self.package, error) from error

    def make_check(self, import_path: "ImportPath") -> Callable[[Any], Any]:
        """A function that gives back a record, and refuses one that is none of this group."""

        def check(record: dict[str, Any]) -> dict[str, Any]:
            module, attribute = record["module"], record["attribute"]
            for field, value in record.items():
                if not isinstance(value, _FIELDS[field]):  # type: ignore[arg-type]
                    raise TypeError(f"{field} of {module} is {value!r}")
            if not self.contains(module) and module not in published_modules(import_path):
                raise ValueError(f"{module} lies outside of {self.package}")
            if not is_plain_name(module) or not is_plain_name(attribute or module):
                raise ValueError(f"{module}.{attribute} is no name to be loaded")
            return record

        return check

    def combined(self, records: Mapping[Any, Any]) -> State:
        """The records, and the commands that a discovery has imported."""
        return records, {name: self.found[name] for name in records if name in self.found}

    def discover(self, cache: "Cache") -> "Discovered":
        from ._cold.commands import discover

        return discover(self, cache)

    def warn(self, found: "Discovered") -> None:
        """Nothing: the help of the group says of each command that it fails, and why."""


class Commands(MutableMapping[str, click.Command]):
    """The commands of a group: those that were added to it, and those that are listed.

    Args:
        group: The group.
        added: The former.
    """

    def __init__(self, group: "CommandGroup", added: dict[str, click.Command]) -> None:
        self.group, self.added = group, added
        self.listing = Listing(CommandAdapter(group))

    def __iter__(self) -> Iterator[str]:
        return iter({**self.added, **self.opened()[0]})

    def __len__(self) -> int:
        return len({**self.added, **self.opened()[0]})

    def __getitem__(self, name: str) -> click.Command:
        if name in self.added:
            return self.added[name]
        records, commands = self.opened()
        if name not in records and self.listing.recheck():
            records, commands = self.opened()
        if name not in commands:
            commands[name] = _Listed(self, name, records[name])
        return commands[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self.added[name] = command

    def __delitem__(self, name: str) -> None:
        del self.added[name]

    def opened(self) -> State:
        """The state, from the cache or by discovery."""
        state = self.listing.adapter.state()
        return self.listing.open() if state is None else state

    def nested(self, name: str, package: "ModuleType") -> "CommandGroup":
        """The group of a sub-package."""
        outer, doc = self.group, package.__doc__
        group = type(outer)(name, package=package.__name__, help=doc, **outer.options)
        group.within = outer, name
        return group

    def load(self, name: str, record: dict[str, Any]) -> click.Command:
        """Import one command.

        Raises:
            CommandImportError: Its module fails, or does not hold it.
        """
        module, attribute = record["module"], record["attribute"]

        def find() -> click.Command | None:
            value = discovery.load_object(module)
            if name in self.added:  # the module adds its commands to the group itself
                return self.added[name]
            if record.get("is_package"):
                return self.nested(name, value)
            try:
                value = discovery.load_object(module, attribute or None)
            except AttributeError:
                return None
            return self.group.to_command(name, value)

        def failed(error: BaseException | None = None) -> Exception:
            from ._cold.commands import import_error

            return import_error(name, module, error or sys.exc_info()[1], record)

        may_import = self.listing.may_import(module)
        if "error" in record and attribute:  # another command has this name
            raise failed()
        if "error" in record and may_import:  # what it says is of the past
            try:
                discovery.load_object(module)
            except Exception as error:
                raise failed(error) from error
        command = self.listing.load(module, find, failed) if may_import else None
        if command is None:
            self.listing.refute(name)  # the module does not hold what the cache says
            command = {**self.opened()[1], **self.added}.get(name)
        if command is None or isinstance(command, _Listed):
            record = self.opened()[0].get(name, record)
            missing = AttributeError(f"{module} has no {attribute or 'command of this name'}")
            raise failed(None if "error" in record else missing)
        return command


#: What is known of a command that is not imported; ``name`` is what the group calls it.
_SHOWN = ("name", "hidden", "deprecated", "short_help", "section", "order")


class _Listed(click.Command):
    """Stands for a command that is not imported: knows what the help of the group shows of it.

    All else, its class included, is that of the command itself, which is imported for it.
    """

    def __init__(self, commands: Commands, name: str, record: dict[str, Any]) -> None:
        own = object.__getattribute__(self, "__dict__")
        own.update(commands=commands, record=record, shown=as_shown(name, record), command=None)

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__(self, "__dict__")
        if name == "make_context":
            return partial(_make_context, own)
        if name in _SHOWN or (name == "get_short_help_str" and "is_live" not in own["record"]):
            return getattr(own["shown"], name)
        return getattr(_command_of(own), name)


def _command_of(own: dict[str, Any]) -> click.Command:
    """The command that a stand-in with these attributes stands for."""
    if own["command"] is None:
        own["command"] = own["commands"].load(own["shown"].name, own["record"])
    command: click.Command = own["command"]
    return command


def _make_context(
    own: dict[str, Any],
    info_name: str | None,
    args: list[str],
    parent: click.Context | None = None,
    **extra: Any,
) -> click.Context:
    """``make_context`` of such a command; one that fails has no options to be completed."""
    try:
        command = _command_of(own)
    except click.ClickException:
        if not extra.get("resilient_parsing"):
            raise
        command = own["shown"]
    return command.make_context(info_name, args, parent, **extra)


def as_shown(name: str | None, record: dict[str, Any]) -> click.Command:
    """A command that looks in the help of its group as the one that a record is of."""
    error = record.get("error")
    command = click.Command(
        name,
        help=f"(fails: {error})" if error else record.get("help"),
        short_help=record.get("short_help"),
        hidden=record.get("hidden", False),
        deprecated=record.get("deprecated", False),
    )
    return listed(record.get("section", ""), record.get("order", 0))(command)


class CommandGroup(click.Group):
    """A group whose commands lie in the modules of a package, or are named by entry points.

    What its help shows of them comes from a cache that is proven fresh; a command is imported when
    it is run, when its own help is shown, or when one of its options is completed. A command is a
    public global of a module that was made there, or that stands in ``__all__``: what click's
    decorators make, a ``click.Command`` or a ``typer.Typer``; see ``to_command``. A
    sub-package whose ``__init__`` makes none, but has a docstring, is a group of its own. A module
    that fails to import is listed by its name, with the reason.

    Args:
        name: Name of the group; click's decorator makes it from that of the function.
        package: The package; its modules are looked through, but for those named ``_like_this``.
        entry_points: Group of entry points; each names a command, or a module with commands.
        exclude: Patterns of names of modules that are left out, such as ``"test*"``.
        depends_on: What texts shown in the help depend on beside the sources and the language:
            ``File``, ``EnvironmentVariable`` and ``Distribution`` objects of regcache-core.
        max_age_days: How old a cached answer may be; ``None`` for any age.
        cache_dir: Where the cache file lies; by default the user's folder for caches.
        attributes: Those of ``click.Group``. ``commands`` that are added to the group itself stand
            beside what is found, and before it where they have the same name.

    Raises:
        ConfigError: There is neither a package nor a group of entry points, or one of the other
            arguments cannot be used (a ``ValueError``).

    >>> import click
    >>> from regcache_functions.commands import CommandGroup
    >>> @click.group(cls=CommandGroup, package="email")
    ... def cli() -> None:
    ...     '''An application.'''
    """

    #: The group that made this one of a sub-package, and the name that it has there.
    within: "tuple[CommandGroup, str] | None" = None

    def __init__(
        self,
        name: str | None = None,
        *,
        package: str = "",
        entry_points: str = "",
        exclude: Collection[str] = (),
        depends_on: "Collection[Dependency]" = (),
        max_age_days: float | None = 7,
        cache_dir: "str | os.PathLike[str] | None" = None,
        **attributes: Any,
    ) -> None:
        super().__init__(name, **attributes)
        for field, text in (("package", package), ("entry_points", entry_points)):
            check_argument(field, text, isinstance(text, str), "a name, as text")
        check_argument("package", package, bool(package or entry_points), "one, or entry_points=")
        self.package, self.entry_points = package, entry_points
        is_below = not any(f"{each}.".startswith(f"{package or None}.") for each in exclude)
        expected = "a list of patterns that begin below the package, such as ['test*']"
        check_argument("exclude", exclude, is_below and not isinstance(exclude, str), expected)
        if depends_on:
            from regcache_core.discovery import as_dependencies

            depends_on = as_dependencies(depends_on)
        self.options: dict[str, Any] = {
            "exclude": tuple(exclude),
            "depends_on": depends_on,
            "max_age_days": max_age_days,
            "cache_dir": cache_dir,
        }
        self._commands = Commands(self, dict(self.commands))
        self.commands = self._commands

    def to_command(self, name: str, value: object) -> click.Command | None:
        """Make a command of a global of a module; to be extended for other kinds of commands.

        Args:
            name: What the command is called if it does not say so itself.
            value: The global.

        Returns:
            The command; ``None`` if the global is none.
        """
        # A proxy of something that is not there yet would have to be made for isinstance().
        if issubclass(type(value), click.Command):
            return cast(click.Command, value)
        if "typer" not in sys.modules:
            return None
        from ._typer import as_command

        return as_command(name, value)

    @property
    def report(self) -> "Report | None":
        """What the cache did, and why; ``None`` before the commands were listed."""
        return self._commands.listing.report

    @property
    def failures(self) -> dict[str, str]:
        """What failed: the module (or ``name = value`` of an entry point) -> error and place."""
        self._commands.opened()
        failures = self._commands.listing.adapter.answer()[1]["failures"]
        return {name: f"{it[0]} ({it[1]})" if it[1] else it[0] for name, it in failures.items()}

    def refresh(self) -> None:
        """Import all commands now, and write the cache anew.

        Raises:
            CommandImportError: The package itself fails to import.
        """
        self._commands.listing.refresh()

    def verify(self) -> "Verification":
        """Compare what the cache file says with what a fresh process finds.

        Records, and byte for byte the help of the group at 40, 80 and 120 columns.

        Raises:
            ConfigError: Another process could not import the group (a ``ValueError``).
            VerificationError: The commands could not be listed there (a ``RuntimeError``).
        """
        from ._cold.commands import verify

        return verify(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, sorted by ``order`` and name; nothing is imported."""
        order = {name: _placed(command, "order", 0) for name, command in self.commands.items()}
        return sorted(order, key=lambda name: (order[name], name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what click writes of the commands, each section under its heading."""
        sections: dict[str, list[tuple[str, click.Command]]] = {"": []}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                sections.setdefault(_placed(command, "section", ""), []).append((name, command))
        if len(sections) == 1:
            return super().format_commands(ctx, formatter)
        limit = (
            formatter.width - 6 - max(len(name) for rows in sections.values() for name, _ in rows)
        )
        for section, rows in sections.items():
            if rows:
                with formatter.section(section or gettext("Commands")):
                    formatter.write_dl([(name, it.get_short_help_str(limit)) for name, it in rows])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; one that does not exist is told with those like it.

        Raises:
            UsageError: There is no such command; as click does it since 8.4.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if type(error) is not click.UsageError:  # since 8.4 click has a class for it
                raise
            from difflib import get_close_matches

            close = ", ".join(map(repr, sorted(get_close_matches(args[0], self.commands))))
            one, several = "Did you mean {0}?", "(Did you mean one of: {0}?)"
            words = ngettext(one, several, close.count(",") + 1).format(close) if close else ""
            raise click.UsageError(f"{error.message} {words}".strip(), ctx) from None


def __getattr__(name: str) -> object:
    if name != "CommandImportError":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._cold.commands import CommandImportError

    return CommandImportError


def _placed(command: click.Command, name: str, default: V) -> V:
    """What ``listed`` says of a command; other classes of commands may use the names otherwise."""
    value = getattr(command, name, default)
    return value if isinstance(value, type(default)) else default

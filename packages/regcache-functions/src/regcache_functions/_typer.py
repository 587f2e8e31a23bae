"""Apps of Typer as commands of click."""

from typing import Any

import click
import typer
from typer.main import get_command


def as_command(name: str, value: Any) -> click.Command | None:
    """The command that an app makes; ``None`` for what is no app.

    Args:
        name: What it is called, if neither the app nor its only command has been given a name.
        value: Perhaps an app.
    """
    if not issubclass(type(value), typer.Typer):
        return None
    command: Any = get_command(value)
    infos: list[Any] = [value.info, *value.registered_commands[:1]]
    name = next((each.name for each in infos if isinstance(each.name, str)), name)
    if not isinstance(command, click.Command):
        return _Program(name, command)
    command.name = name
    return command


class _Program(click.Command):
    """A command of the click that newer Typer has inside, run as a program of its own.

    It knows nothing of the contexts and exceptions of click itself.
    """

    def __init__(self, name: str, command: Any) -> None:
        super().__init__(
            name,
            help=command.help,
            short_help=command.short_help,
            hidden=command.hidden,
            deprecated=command.deprecated,
        )
        self.command = command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave them all to the program."""
        ctx.args = [*args]
        return ctx.args

    def invoke(self, ctx: click.Context) -> Any:
        """Run the program, and end this one as it does."""
        return self.command.main(ctx.args, ctx.command_path)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The program's own completions."""
        inner = self.command.make_context(ctx.info_name, [*ctx.args], resilient_parsing=True)
        while args := [*getattr(inner, "_protected_args", ()), *inner.args]:
            if not hasattr(inner.command, "resolve_command"):
                break
            name, command, args = inner.command.resolve_command(inner, args)
            if command is None:
                break
            inner = command.make_context(name, args, parent=inner, resilient_parsing=True)
        return [*inner.command.shell_complete(inner, incomplete)]

"""Command lines of others: Celery's, rasterio's and Django's, listed without importing any."""

from __future__ import annotations

from typing import Any

import pytest
from throwaway import App

pytest.importorskip("click")
pytestmark = pytest.mark.real

DJANGO = """
class Commands(CommandGroup):
    def to_command(self, name, value):
        if not issubclass(type(value), type) or not hasattr(value, "run_from_argv"):
            return super().to_command(name, value)
        def run():
            value().run_from_argv(["manage", name, *click.get_current_context().args])
        settings = {"ignore_unknown_options": True, "allow_extra_args": True}
        return click.Command(
            name, help=value.help, callback=run, context_settings=settings, add_help_option=False
        )
"""
#: What is listed; how the library's own names are found; those that are not listed, and why; one
#: command, what its help says, and how the modules begin that are not to be imported before that.
PROGRAMS = {
    "celery": (
        "cli = CommandGroup('cli', package='celery.bin', exclude=['celery'])",
        "from celery.bin.celery import celery\nout = sorted(celery.commands)",
        {"report"},  # it lies in the module of the group itself
        ["purge", "--help"],
        "Erase all messages",
        "celery",
    ),
    "rasterio": (
        "cli = CommandGroup('cli', entry_points='rasterio.rio_commands')",
        "from rasterio.rio.main import main_group\nout = sorted(main_group.commands)",
        set(),
        ["rm", "--help"],
        "Delete a dataset",
        "rasterio",
    ),
    "django": (
        f"{DJANGO}\ncli = Commands('cli', package='django.core.management.commands')",
        "from django.core import management\n"
        "out = sorted(management.find_commands(management.__path__[0]))",
        set(),
        ["sendtestemail", "--help"],
        "Sends a test email",
        "django",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_command_line_of_another_is_listed_as_it_is(name: str, app: App) -> None:
    """Names equal what the program has, pages what click makes of its commands; one is imported."""
    pytest.importorskip(name)
    declared, own, missing, arguments, said, top = PROGRAMS[name]
    head = "import click\nfrom regcache_functions.commands import CommandGroup\n"
    app.write({"cli.py": head + declared})
    code = f"""
import click
from cli import cli
from click.testing import CliRunner
pages = [cli.get_help(click.Context(cli, terminal_width=width)) for width in (40, 80, 120)]
loaded = [each for each in sys.modules if each.partition(".")[0] == {top!r}]
verified = REPLACED
said = CliRunner().invoke(cli, {arguments!r}).output
out = [*cli.list_commands(None)], pages, cli.report.status, verified, loaded, said
"""
    warnings: Any = {"PYTHONWARNINGS": "ignore"}
    first = app.run(code.replace("REPLACED", "None"), **warnings)
    names, pages, status, verified, loaded, page = app.run(
        code.replace("REPLACED", "cli.verify().is_fresh"), **warnings
    )
    real = """
from cli import cli
import click
list(cli.commands)
plain = click.Group("cli", commands={**cli.commands})
out = [plain.get_help(click.Context(plain, terminal_width=width)) for width in (40, 80, 120)]
"""

    assert [names, pages] == first[:2]
    assert ["hit", True, []] == [status, verified, loaded]
    assert said in page
    assert sorted({*app.run(own, **warnings)} - missing) == names
    assert pages == app.run(real, REGCACHE_DISABLE="1", **warnings)

"""The guarantees of a cached registry, for a group of commands."""

from pathlib import Path

import pytest

from regcache_core.testing import DiscoveryTests

pytest.importorskip("click")


class TestGroupOfCommands(DiscoveryTests):
    """A group that lies beside its package."""

    code = """
from shop.cli import cli

def registry_keys():
    help = {key: command.get_short_help_str() for key, command in cli.commands.items()}
    return [key for key in cli.list_commands(None) if not help[key].startswith("(fails")]

def registry_report(): return cli.report
def registry_load(key): return cli.commands[key].callback
def registry_refresh(): cli.refresh()
def registry_verify(): return cli.verify()
def registry_failures(): return [key for key in cli.failures if key.startswith("shop.")]
"""
    heavy = tuple(name for name in DiscoveryTests.heavy if name != "inspect")  # click imports it
    sources = ("shop.commands", "shop.commands.buy", "shop.commands.sell", "shop.commands.more")
    command = "import click\n@click.command({!r})\ndef command(): ...\n"

    def write_sources(self, folder: Path) -> None:
        """A group and two modules with a command each."""
        (folder / "shop/commands").mkdir(parents=True)
        (folder / "shop/__init__.py").write_text("__version__ = '1'\n")
        (folder / "shop/cli.py").write_text(
            "from regcache_functions.commands import CommandGroup\n"
            "cli = CommandGroup('shop', package='shop.commands')\n"
        )
        (folder / "shop/commands/__init__.py").write_text("")
        (folder / "shop/commands/buy.py").write_text(self.command.format("buy"))
        (folder / "shop/commands/sell.py").write_text(self.command.format("sell"))

    def add_source(self, folder: Path) -> None:
        """A third module."""
        (folder / "shop/commands/more.py").write_text(self.command.format("more"))

    def edit_source(self, folder: Path) -> None:
        """Another name of one command."""
        (folder / "shop/commands/sell.py").write_text(self.command.format("resell"))

    def remove_source(self, folder: Path) -> None:
        """One module less."""
        (folder / "shop/commands/sell.py").unlink()

    def write_item(self, folder: Path, name: str, before: str = "") -> None:
        """A module with one command."""
        (folder / f"shop/commands/{name}.py").write_text(f"{before}\n{self.command.format(name)}")

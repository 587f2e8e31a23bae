"""The command line; ``shop = "shop.cli:cli"`` among the scripts of the distribution."""

import click

from regcache_functions.commands import CommandGroup


@click.group(cls=CommandGroup, package="shop.commands")
@click.option("--debug", is_flag=True, help="Say more.")
def cli(debug: bool) -> None:
    """Keep a shop."""


if __name__ == "__main__":
    cli(prog_name="shop")

"""Selling and buying; whatever it needs is imported when one of its commands is run."""

import statistics  # think of pandas

import click

from regcache_functions.commands import listed


@click.command()
@click.argument("prices", nargs=-1, type=float)
def sell(prices: tuple[float, ...]) -> None:
    """Sell for the median of some prices."""
    click.echo(f"sold for {statistics.median(prices)}")


@listed(section="Unusual", order=1)
@click.command("buy-back", deprecated=True)
def buy_back() -> None:
    """Buy it back."""

"""``shop stock count``."""

import click


@click.command()
@click.option("--shelf", default="all", help="Where to count.")
def count(shelf: str) -> None:
    """Count what is there."""
    click.echo(f"{shelf}: 3")

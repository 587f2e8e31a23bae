"""Sub-commands of argparse that are listed without importing them: ``add_subcommands``."""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .registry import FunctionRegistry

__all__ = ["add_subcommands"]


def add_subcommands(
    parser: argparse.ArgumentParser, registry: "FunctionRegistry[Any]", **options: Any
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """Make the functions of a registry sub-commands of a parser.

    The help of the parser lists them, with the first lines of their docstrings, from the cache of
    the registry. One that is called is imported then, and called with the parser of its
    sub-command: it adds its arguments, and says by ``set_defaults`` what is to be run.

    Args:
        parser: The parser.
        registry: The registry; aliases of a function are aliases of its sub-command.
        options: Those of ``ArgumentParser.add_subparsers``.

    Returns:
        What ``add_subparsers`` gives.

    Raises:
        RegcacheError: The registry cannot be listed.
    """
    kind: Any = options.get("parser_class", type(parser))
    options["parser_class"] = type(kind.__name__, (_Subcommand, kind), {})
    subparsers = parser.add_subparsers(**options)
    for name in registry:
        info = registry.info(name)
        summary = info.doc.replace("%", "%%")
        subparser: Any = subparsers.add_parser(name, aliases=[*info.aliases], help=summary)
        subparser.fill = partial(_fill, registry, name)
    return subparsers


def _fill(registry: "FunctionRegistry[Any]", name: str, subparser: argparse.ArgumentParser) -> None:
    from .errors import FunctionImportError

    try:
        function: Any = registry[name]
    except FunctionImportError as error:
        subparser.exit(1, f"{subparser.prog}: {error}\n")
    subparser.description = subparser.description or function.__doc__
    function(subparser)


class _Subcommand(argparse.ArgumentParser):
    """A parser that has its arguments when it is to parse some."""

    fill: Any = None

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        if self.fill is not None:
            fill, self.fill = self.fill, None
            fill(self)
        return super().parse_known_args(args, namespace)

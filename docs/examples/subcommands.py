"""The example of argparse: functions that are sub-commands."""

# [subcommands]

import argparse

from regcache_functions import FunctionRegistry, add_subcommands

# In shop/registry.py, with package="shop.tasks": then the modules of that package are searched.
tasks: FunctionRegistry = FunctionRegistry("tasks")


@tasks.register(aliases=["c"])
def count(parser: argparse.ArgumentParser) -> None:
    """Count what is there; in ``shop/tasks/count.py``."""
    parser.add_argument("--shelf", default="all")
    parser.set_defaults(run=lambda args: print(f"{args.shelf}: 3"))


parser = argparse.ArgumentParser("shop")
add_subcommands(parser, tasks, title="tasks", required=True)
arguments = parser.parse_args(["count", "--shelf", "top"])  # imports one module
arguments.run(arguments)  # top: 3
# [end]

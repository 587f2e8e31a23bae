"""What others have, listed: ``reach.py FOLDER lexers|scripts|commands imported|warm``.

FOLDER, which has the commands, is put on ``sys.path``. The import of what lists counts. With
``commands click`` nothing is listed: that is the import of click alone.
"""

import io
import os
import sys
from time import perf_counter_ns

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from listing import import_all, pygments_loop

#: The modules that need not be imported for a list.
OTHERS = {
    "lexers": ("pygments",),
    "scripts": ("importlib.metadata",),
    "commands": ("tool", "numpy"),
}


def lexers(way):
    """The lexers of Pygments."""
    if way == "imported":
        return [*pygments_loop("list")][-1]["keys"]["lexers"], None
    from regcache_meta import LazyDiscoveryDict

    registry = LazyDiscoveryDict.for_package(
        "pygments.lexers", "pygments.lexer:Lexer", include="regcache_meta:is_published"
    )
    return list(registry), registry.report


def scripts(way):
    """The programs that the distributions of this environment install."""
    if way == "imported":
        from importlib.metadata import entry_points
    else:
        from regcache_core.discovery import entry_points
    return [f"{it.name} = {it.value}" for it in entry_points(group="console_scripts")], None


def commands(way):
    """The help of a group of commands."""
    import click

    if way == "click":
        return None, None
    if way == "imported":
        import tool

        group = click.Group("tool")
        for module in import_all(tool):
            group.add_command(getattr(module, module.__name__.rpartition(".")[2]))
    else:
        from regcache_functions.commands import CommandGroup

        group = CommandGroup("tool", package="tool")
    printed, sys.stdout = sys.stdout, io.StringIO()
    group.main(["--help"], prog_name="tool", standalone_mode=False)
    page, sys.stdout = sys.stdout.getvalue(), printed
    return page.splitlines(), getattr(group, "report", None)


folder, subject, way = sys.argv[1:]
sys.path[0] = folder
before = set(sys.modules)
start = perf_counter_ns()
answer, report = {"lexers": lexers, "scripts": scripts, "commands": commands}[subject](way)
done = perf_counter_ns()
others = tuple(f"{name}." for name in OTHERS[subject])
imported = [name for name in set(sys.modules) - before if f"{name}.".startswith(others)]
status = report.status if report else "hit"
print({"work": done - start, "answer": answer, "imported": len(imported), "status": status})

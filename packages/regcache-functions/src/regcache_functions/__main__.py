"""``python -m regcache_functions LIBRARY``: the functions of a library, for a terminal."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from multiprocessing import active_children
from typing import Any

from regcache_core import RegcacheError

from .registry import FunctionRegistry


def main(arguments: list[str] | None = None) -> int:
    """List, search or try the functions of a library.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        Exit status: 0, or 1 if nothing was found or the library cannot be listed.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.processes is not None and options.probe is None:
        parser.error("--processes goes with --probe")
    if options.processes is not None and options.processes < 1:
        parser.error("--processes takes a number of 1 or more")
    pool = ProcessPoolExecutor(options.processes) if options.processes is not None else None
    try:
        registry: FunctionRegistry[Any] = FunctionRegistry.scan(
            options.library,
            modules=options.module,
            probe=options.probe,
            executor=pool,
            timeout=options.timeout,
            progress=options.probe is not None and sys.stderr.isatty(),
        )
        return _show(options, registry)
    except BrokenPipeError:  # what reads our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        threading.excepthook = lambda _: None  # that of a pool fails where its work was cancelled
        for worker in active_children():  # the pool would wait until each has tried its function
            worker.terminate()
        print("interrupted; nothing was stored", file=sys.stderr)
        return 130
    except (RegcacheError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m regcache_functions",
        description="List the functions of an installed library, from a cache where it is fresh.",
    )
    parser.add_argument("library", help="the library, as it is imported: skimage")
    parser.add_argument("--module", action="append", default=[], help="only this module of it")
    parser.add_argument("--search", metavar="TEXT", help="only these functions, the best first")
    parser.add_argument("--probe", metavar="MODULE:NAME", help="try each function by this one")
    parser.add_argument("--processes", type=int, metavar="N", help="try them in so many processes")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for each")
    parser.add_argument("--rejected", action="store_true", help="what was found but not accepted")
    parser.add_argument("--json", action="store_true", help="everything that is known, as JSON")
    return parser


def _show(options: argparse.Namespace, registry: FunctionRegistry[Any]) -> int:
    with redirect_stdout(sys.stderr):  # libraries print when they are imported
        len(registry)
    shown = registry.search(options.search) if options.search else registry
    if options.rejected:
        for name, reason in registry.rejected.items():
            print(f"{name}: {reason}")
        return 0
    if options.json:
        print(shown.to_json())
    else:
        for name in shown:
            info = shown.info(name)
            print(f"{info}  {info.doc}".rstrip())
    if not len(shown):
        print(f"no function of {registry.name} fits", file=sys.stderr)
    return 0 if len(shown) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The fork server: a pristine interpreter that forks one child for each process of the proof.

A fresh start of Python costs far more than what is compared. The server has imported the standard
library and regcache, and nothing of the application; each child is a process of its own.

It reads one line of JSON for each batch of jobs, and answers with one line: the list of results.
"""

import faulthandler
import gc
import json
import os
import signal
import sys
import types
import warnings

_TIMEOUT_S = 60


def preload():
    """Import what the cold path needs, so that no child pays for it."""
    import importlib
    import importlib.metadata
    import pkgutil
    import zipimport  # noqa: F401 - children find plugins in archives

    import cattrs  # noqa: F401

    import regcache_core
    import regcache_functions
    import regcache_meta

    for package in (regcache_core, regcache_functions, regcache_meta):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("__main__", "commands", "_typer")):  # those of extras
                importlib.import_module(module.name)


def serve(patch, listing):
    """Answer batches until standard input ends.

    Args:
        patch: Code that makes regcache ignore something; empty for regcache as it is.
        listing: Source of the program that a child runs.
    """
    sys.dont_write_bytecode = True
    exec(compile(patch, "patch", "exec"), {})
    preload()
    # Without what is installed beside regcache: reading its metadata would cost more than all else.
    base = [path for path in sys.path[1:] if os.path.basename(path) != "site-packages"]
    program = types.ModuleType("listing")
    exec(compile(listing, "listing.py", "exec"), vars(program))
    gc.freeze()
    for line in sys.stdin:
        children = [_fork(job, base, program) for job in json.loads(line)]
        print(json.dumps([_collect(*child) for child in children]), flush=True)


def _fork(job, base, program):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            result = _run(job, base, program)
        except BaseException as error:
            import traceback

            result = {"crashed": f"{error!r}\n{traceback.format_exc()}"}
        with os.fdopen(writer, "w") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(writer)
    return pid, reader


def _collect(pid, reader):
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(text) if text else {"crashed": f"exit status {status}"}


def _run(job, base, program):
    """What a process that has just started does: in its folder, environment and path."""
    signal.alarm(_TIMEOUT_S)
    faulthandler.dump_traceback_later(_TIMEOUT_S - 5)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["environment"])
    if hasattr(sys, "set_lazy_imports"):  # since Python 3.15, which reads this when it starts
        sys.set_lazy_imports(os.environ.get("PYTHON_LAZY_IMPORTS", "normal"))
    sys.path[:] = ["", *job["path"], *base]
    sys.path_importer_cache.clear()
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr  # what plugins print is no answer
    set_clock(job["racy_ns"], job["tick_ns"])
    return program.main(job["root"], job["load"])


def set_clock(racy_ns, tick_ns):
    """Let regcache see a file system whose clock ticks as given.

    Args:
        racy_ns: How long an entry is racy.
        tick_ns: Length of a tick; 0 for the clock that the file system has, and ``None`` for a
            file system that knows nothing of the time at which an inode changed.
    """
    for name, module in [*sys.modules.items()]:
        if name.startswith("regcache_") and "RACY_NS" in vars(module):
            module.RACY_NS = racy_ns
    if tick_ns != 0:
        stat = os.stat
        os.stat = lambda *args, **kwargs: CoarseStatus(stat(*args, **kwargs), tick_ns)


class CoarseStatus:
    """A file's status with times as a coarse clock gives them."""

    def __init__(self, status, tick_ns):
        self._status = status
        tick = tick_ns or 1
        self.st_mtime_ns = status.st_mtime_ns // tick * tick
        self.st_ctime_ns = status.st_ctime_ns // tick * tick if tick_ns else 0

    def __getattr__(self, name):
        return getattr(self._status, name)


if __name__ == "__main__":
    serve(*json.loads(sys.argv[1]))

"""Lists the lexers of Pygments by a loop written by hand."""

import sys
from time import perf_counter_ns

start = perf_counter_ns()

import importlib
import pkgutil

from pygments import lexers
from pygments.lexer import Lexer

declared = perf_counter_ns()
registry = {}
for found in pkgutil.iter_modules(lexers.__path__):
    module = importlib.import_module(f"pygments.lexers.{found.name}")
    published = getattr(module, "__all__", ())
    for name, value in vars(module).items():
        if not (isinstance(value, type) and issubclass(value, Lexer) and name in published):
            continue
        if value.__module__ == module.__name__:
            registry[name] = value
keys = list(registry)
done = perf_counter_ns()

print(
    {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.startswith("pygments.lexers.") for name in sys.modules),
        "keys": {"lexers": keys},
    }
)

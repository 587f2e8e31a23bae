"""Lists, or loads, the lexers of Pygments: ``pygments_lexers.py list|one|all|facts``."""

import sys
from time import perf_counter_ns

task = sys.argv[1]
start = perf_counter_ns()

from pygments.lexer import Lexer

from regcache_meta import LazyDiscoveryDict, is_published

lexers = LazyDiscoveryDict.for_package("pygments.lexers", Lexer, include=is_published)

declared = perf_counter_ns()
if task == "all":
    classes = list(lexers.values())
elif task == "one":
    lexers["PythonLexer"]
else:
    keys = list(lexers)
done = perf_counter_ns()

modules = [name for name in sys.modules if name.startswith("pygments.lexers.")]
answer = {
    "declare": declared - start,
    "work": done - declared,
    "imported": sum(not name.startswith("pygments.lexers._") for name in modules),
    "status": lexers.report.status,
    "keys": {"lexers": list(lexers)},
}
if task == "facts":
    infos = [lexers.info(key) for key in lexers]
    answer["classes"] = {"lexers": {i.key: (i.module, i.qualname) for i in infos}}
if task == "all":
    classes = {key: lexers[key] for key in lexers}
    names = {key: (cls.__module__, cls.__qualname__) for key, cls in classes.items()}
    answer["classes"] = {"lexers": names}
print(answer)

"""A child that is spawned imports what its parent would, and no more."""

import json

import pytest
from throwaway import App

BASE = """
import sys
from regcache_meta import AutoRegisterMeta
class Reader(metaclass=AutoRegisterMeta):
    __registry_key__ = "format"
class Png(Reader):
    format = "png"
"""
WORK = """
def work(_):
    keys = list(Reader.__registry__)
    loaded = sorted(name for name in sys.modules if name.startswith("app."))
    return [keys, loaded, Reader.__registry__["png"].__name__]
"""
END = """
if __name__ == "__main__":
    import json, multiprocessing
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        print(json.dumps([work(0), pool.map(work, [0])[0]]))
"""
MANAGED = """
import sys
from regcache_core import RegistryCacheManager
manager = RegistryCacheManager("colors", lambda: "1.0", item_type=str)
def build(): return {"red": "#f00"}
def work(_):
    return [manager.get_or_build(build), str(manager.path)]
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("program", [["-m", "app.main"], ["app/main.py"]])
@pytest.mark.parametrize("text", [BASE + WORK, MANAGED], ids=["registry", "manager"])
def test_child_answers_as_its_parent_does(
    text: str, program: list[str], method: str, tmp_path: object
) -> None:
    """The program, run as a module or as a script, is ``__mp_main__`` there."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write({"app/__init__.py": "", "app/heavy.py": "SIDE_EFFECTS = True\n"})
    app.write({"app/main.py": text + END.format(method=method)})

    done = app.command(*program)

    assert done.returncode == 0, done.stderr
    parent, child = json.loads(done.stdout)
    assert parent == child
    if text is not MANAGED:
        assert [["png"], [], "Png"] == child

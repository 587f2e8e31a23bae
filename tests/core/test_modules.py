"""Modules and what is defined in them: looked up, named and told apart, nothing imported."""

import importlib
import json
import sys

import pytest

from regcache_core.discovery import (
    file_of,
    find_package,
    find_sources,
    fingerprint,
    is_anonymous,
    is_gone,
    name_of,
)

THINGS = """
import functools, operator

def make(held):
    return lambda value: (value, held)

def with_itself():
    def again(depth=0): return depth and again(depth - 1)
    return again

class Shout:
    def __init__(self, volume): self.volume = volume
    def __call__(self, text): return text.upper()
    def method(self, text): return text

class Slotted:
    __slots__ = ("volume",)
    def __call__(self, text): return text

def plain(value): return value

THINGS = {
    "function": plain,
    "class": Shout,
    "method of a class": Shout.method,
    "builtin": len,
    "lambda": lambda value: value,
    "lambda of another text": lambda value: -value,
    "lambda with a default": lambda value=1: value,
    "lambda with a set": lambda value: value in {"a", "b", "c", 1, None},
    "lambda in a lambda": lambda: lambda: 1,
    "other lambda in a lambda": lambda: lambda: 2,
    "closure over 1": make(1),
    "closure over 2": make(2),
    "closure over a tuple": make((1, b"x", {"a": [2.5]}, frozenset("ab"))),
    "closure over a function": make(plain),
    "partial of 1": functools.partial(plain, 1),
    "partial of 2": functools.partial(plain, 2),
    "partial by keyword": functools.partial(plain, value=2),
    "object of 1": Shout(1),
    "object of 2": Shout(2),
}
ANONYMOUS = {
    "closure over an object": make(object()),
    "closure over a lambda over an object": make(make(object())),
    "function that holds itself": with_itself(),
    "method of an object": Shout(1).method,
    "method of a list": [].append,
    "object with slots": Slotted(),
    "object in C": operator.itemgetter(1),
    "partial of an object": functools.partial(plain, object()),
    "object that holds one": Shout(object()),
}
"""
ASK = """
from regcache_core.discovery import is_anonymous, name_of
from things import ANONYMOUS, THINGS
names = {name: name_of(thing) for name, thing in THINGS.items()}
unnamed = {name: name_of(thing) for name, thing in ANONYMOUS.items()}
print(json.dumps([names, unnamed, [*map(is_anonymous, [*names.values(), *unnamed.values()])]]))
"""


def test_names_of_functions_and_classes(tmp_path, run_python):
    """Names tell all apart, and are alike in every process: by place, or by code where none is.

    No name depends on an address or on the order of a set; what has no such name says so.
    """
    (tmp_path / "things.py").write_text(THINGS)

    answers = [run_python(ASK, env={"PYTHONHASHSEED": seed}) for seed in ("1", "2")]

    names, unnamed, anonymous = answers[0]
    assert answers[0] == answers[1]
    assert [False] * len(names) + [True] * len(unnamed) == anonymous
    assert len(names) == len(set(names.values()))
    places = [names[name] for name in ("function", "class", "method of a class", "builtin")]
    assert ["things:plain", "things:Shout", "things:Shout.method", "builtins:len"] == places
    assert names["lambda"].startswith("things:<lambda> ")


def test_function_without_a_file_is_named_by_its_code(run_python):
    """In a program from the command line no file is watched, so the code itself counts."""
    code = """
        from regcache_core.discovery import name_of
        names = []
        for text in ("1", "1", "2"):
            exec(f"def f(): return {text}")
            names.append(name_of(f))
        print(json.dumps(names))
    """
    first, same, other = run_python(code)

    assert first == same != other
    assert first.startswith("__main__:f ")


@pytest.mark.parametrize("name", [None, "attribute"])
def test_text_and_nothing_are_their_own_names(name):
    """What is no function needs no name: nothing, and a text."""
    assert name == name_of(name)
    assert not is_anonymous(name)


def test_fingerprints_are_short_and_tell_values_apart():
    """Whatever the value, its fingerprint has sixteen characters, the same each time."""
    values = ["", "a", "b", None, 1, ["key", True], "x" * 10**5, "\udcff"]
    prints = [fingerprint(value) for value in values]

    assert [16] * len(values) == [*map(len, prints)]
    assert len(values) == len({*prints})
    assert prints == [fingerprint(value) for value in values]


def test_file_of_a_module_that_is_not_imported(tmp_path, monkeypatch):
    """The file is found without importing the module or its package."""
    (tmp_path / "pack_with_a_file" / "space").mkdir(parents=True)
    (tmp_path / "pack_with_a_file" / "__init__.py").write_text("1 / 0")
    (tmp_path / "pack_with_a_file" / "plain.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    names = ["pack_with_a_file", "pack_with_a_file.plain", "pack_with_a_file.space", "no_module"]
    files = [file_of(name) for name in names]

    folder = f"{tmp_path}/pack_with_a_file"
    assert [f"{folder}/__init__.py", f"{folder}/plain.py", "", ""] == files
    assert before == set(sys.modules)


def test_file_of_an_imported_module_is_what_the_module_says():
    """What is imported is not looked up again; a module inside the interpreter has no file."""
    assert json.__file__ == file_of("json")
    assert "" == file_of("sys")


def test_modules_in_execution_are_those_that_led_here(tmp_path, run_python):
    """A module that is being imported sees itself and who imports it, but not what is done."""
    report = "from regcache_core.discovery import modules_in_execution\nimport calls.log\n"
    report += "calls.log.SEEN.append([*modules_in_execution(lambda name: name[:5] == 'calls')])\n"
    for name, text in {
        "calls/__init__.py": "",
        "calls/log.py": "SEEN = []",
        "calls/outer.py": "import calls.inner\n",
        "calls/inner.py": f"import calls.done\ndef f():\n    import calls.log\n\n{report}",
        "calls/done.py": report,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    code = """
        from regcache_core.discovery import modules_in_execution
        import calls.outer, calls.log
        print(json.dumps([*calls.log.SEEN, [*modules_in_execution(lambda name: True)]]))
    """

    assert [
        ["calls.done", "calls.inner", "calls.outer"],
        ["calls.inner", "calls.outer"],
        ["__main__"],
    ] == run_python(code)


def test_program_is_the_module_of_its_file(tmp_path, run_python):
    """A module that runs as ``__main__`` is itself; another one, or one without a file, is not."""
    (tmp_path / "tool.py").write_text(
        "from regcache_core.discovery import is_same_source\n"
        "pairs = [('tool', '__main__'), ('__main__', 'tool'), ('other', '__main__'), ('a', 'b')]\n"
        "print([is_same_source(*pair) for pair in [*pairs, ('a', 'a')]])\n"
    )
    (tmp_path / "other.py").write_text("")
    code = """
        import contextlib, io, runpy
        from regcache_core.discovery import is_same_source
        with contextlib.redirect_stdout(io.StringIO()) as said:
            runpy.run_module("tool", run_name="__main__", alter_sys=True)
        print(json.dumps([said.getvalue(), is_same_source("no_file", "__main__")]))
        """

    assert ["[True, True, False, False, True]\n", False] == run_python(code)


def test_module_is_gone_with_its_file(tmp_path, monkeypatch):
    """A module whose file was removed is gone, imported or not; one inside Python is not."""
    file = tmp_path / "going_module.py"
    file.write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    there = is_gone("going_module")
    monkeypatch.setitem(sys.modules, "going_module", importlib.import_module("going_module"))
    file.unlink()

    assert (False, True) == (there, is_gone("going_module"))
    assert (True, False) == (is_gone("no_module_of_this_name"), is_gone("sys"))


def test_sources_of_a_package_are_its_folders_and_of_a_module_its_file(tmp_path, monkeypatch):
    """A package has folders, several where it is a namespace; a module has a file, or none."""
    for folder in ("one", "two"):
        (tmp_path / folder / "portions_of_one").mkdir(parents=True)
        monkeypatch.syspath_prepend(tmp_path / folder)
    (tmp_path / "one" / "plain_module_of_one.py").write_text("")
    folders = [str(tmp_path / folder / "portions_of_one") for folder in ("two", "one")]

    assert folders == find_sources("portions_of_one")
    assert [str(tmp_path / "one" / "plain_module_of_one.py")] == find_sources("plain_module_of_one")
    assert [] == find_sources("sys")
    assert "portions_of_one" not in sys.modules


def test_sources_of_no_module_are_an_error():
    """A name that nothing finds is told with the error of the import statement."""
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_module_of_this_name'"):
        find_sources("no_module_of_this_name")


def test_module_that_raises_for_what_it_has_not_is_no_package(tmp_path, monkeypatch):
    """A module whose `__getattr__` raises anything at all is taken for a plain module."""
    file = tmp_path / "module_that_raises.py"
    file.write_text("def __getattr__(name): raise ModuleNotFoundError('install more')")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("module_that_raises")
    monkeypatch.setitem(sys.modules, "module_that_raises", module)

    assert find_package("module_that_raises") is None
    assert [str(file)] == find_sources("module_that_raises")

"""Edges of the cache: what is told, what is removed, and limits of the system and of Python."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest
from test_other_users import _START, DISTURB, OTHER, RIGHT, USER, Machine
from throwaway import FILES, FOLDER, LIST, READERS, App
from trials import Record

from regcache_core._cold.write import write_document


@pytest.mark.parametrize("kind", LIST)
def test_report_in_words_tells_why_nothing_was_saved(kind: str, app: App, record: Record) -> None:
    """Where an answer could not be saved, the printed report says why, beside why it was missed."""
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/odd.py": PASSING})
    ask = f"{LIST[kind]}\nout = [len(REG), str(REG.report)]"

    _, transient = app.run(ask, PYTHONWARNINGS="ignore")
    app.remove(f"app/{FOLDER[kind]}/odd.py")
    app.cache.rename(app.cache.with_name("elsewhere"))
    app.cache.write_text("no folder")
    _, unwritable = app.run(ask)
    app.cache.unlink()
    _, saved = app.run(ask)

    assert transient.startswith("miss: there is no cache file yet: ")
    assert transient.endswith(
        "; not saved: the next process may find something else "
        "[Away: (ZeroDivisionError in its __str__)]"
    )
    assert "; not saved: the cache file could not be written: " in unwritable
    assert "Error: [Errno " in unwritable.partition("; not saved")[2]
    assert saved.startswith("miss: there is no cache file yet: ")
    assert saved.endswith(".json")
    record(reports=3)


PASSING = """
class Away(OSError):
    def __str__(self):
        1 / 0
raise Away
"""


@pytest.mark.parametrize("kind", LIST)
def test_report_names_what_was_not_there(kind: str, app: App, record: Record) -> None:
    """What is looked for anew, as its module does not hold it, is told as that, not as a wish."""
    path = f"app/{FOLDER[kind]}/odd.py"
    app.write({**FILES[kind], path: ODD[kind]})
    app.run(f"{LIST[kind]}\nout = len(REG)")
    ask = f"{LIST[kind]}\ntry: REG['odd']\nexcept KeyError: out = str(REG.report)\nREG.refresh()"

    told, asked = app.run(f"{ask}\nout = out, str(REG.report)", GONE="1")

    name = {"classes": "app.readers.odd.Odd", "functions": "odd"}[kind]
    assert f"miss: an item in the cache file cannot be restored: {name}" == told
    assert "miss: a new answer was asked for" == asked
    record(reports=2)


def test_report_of_any_text_can_be_printed(app: App, record: Record) -> None:
    """What a file says is told in words that any stream takes."""
    app.write(READERS)
    tell = f"{LIST['classes']}\n[*REG]\nprint(REG.report)\n"
    app.start(tell)
    app.edit_cache('"settings":{', '"settings":{"\\ud800":1,')

    done = app.start(tell)

    assert (0, True) == (done.returncode, "\\ud800" in done.stdout)
    record(starts=2)


ODD = {
    "classes": """
        import os
        from .base import Reader
        if "GONE" not in os.environ:
            class Odd(Reader): format = "odd"
        """,
    "functions": """
        import os
        from app.registry import FILTERS
        if "GONE" not in os.environ:
            @FILTERS.register
            def odd(): pass
        """,
}


@pytest.mark.parametrize("kind", LIST)
def test_folder_too_deep_to_be_made_is_no_error(kind: str, app: App, record: Record) -> None:
    """A cache folder a thousand folders deep, which Python cannot make: not saved, and told."""
    app.write(FILES[kind])
    deep = os.path.join(app.cache, *["a"] * 1000)

    listed, told = app.run(f"{LIST[kind]}\nout = len(REG), str(REG.report)", REGCACHE_DIR=deep)

    assert listed == app.run(f"{LIST[kind]}\nout = len(REG)")
    assert "; not saved: the cache file could not be written: " in told
    assert "too many folders in one another" in told
    assert [] == [*app.cache.glob("a")]
    record(folders=1000)


@pytest.mark.parametrize("place", ["format", "nick"])
def test_key_larger_than_python_writes_costs_only_the_cache(
    place: str, app: App, record: Record
) -> None:
    """A key of more than 4,300 digits, of the registry or a secondary one: all works, uncached."""
    app.write({**READERS, "app/readers/base.py": WITH_NICKS})
    app.write({"app/readers/big.py": BIG.replace(f"{place} = 'big'", f"{place} = 10**5000")})
    ask = f"""
    import warnings
    {LIST["classes"]}
    from app.readers.base import NICKS
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        out = len(REG), len(NICKS), REG["csv"].__name__, NICKS["c"]
    big = [(REG if {place!r} == "format" else NICKS)[10**5000] is not None]
    out = *out, big, [each.category.__name__ for each in seen], str(REG.report)
    """

    for _ in range(2):
        *answer, told = app.run(ask)

        assert [4, 2, "CsvReader", "see", [True], ["CacheWarning"]] == answer
        assert "; not saved: a key or an item cannot be turned into JSON: " in told
        assert "Exceeds the limit" in told
    record(starts=2)


WITH_NICKS = """
from regcache_meta import (
    AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig, SecondaryRegistry, SecondaryRegistryDict,
)

READERS = LazyDiscoveryDict()
NICKS = SecondaryRegistryDict(READERS)

class Reader(metaclass=AutoRegisterMeta):
    __registry_config__ = RegistryConfig(
        registry_dict=READERS,
        key_attribute="format",
        discovery_package="app.readers",
        secondary_registries=[SecondaryRegistry(NICKS, "nick", "say")],
    )
"""
BIG = """
from .base import Reader
class Big(Reader): format = 'big'; nick = 'big'; say = 'b'
class C(Reader): format = 'c'; nick = 'c'; say = 'see'
"""


@pytest.mark.parametrize("kind", LIST)
def test_warnings_that_are_errors_lose_nothing(kind: str, app: App, record: Record) -> None:
    """Under ``python -W error``, a warning of a search is raised once; the answer is kept whole."""
    path = f"app/{FOLDER[kind]}/odd.py"
    app.write({**FILES[kind], path: "1 / 0"})
    ask = f"{LIST[kind]}\n{ASK}"

    failing = [app.run(ask, PYTHONWARNINGS="error") for _ in range(2)]
    app.write({path: UNSTORABLE[kind]})
    unstorable = [app.run(ask, PYTHONWARNINGS="error") for _ in range(2)]

    count = {"classes": 2, "functions": 3}[kind]
    warned = {"classes": "DiscoveryWarning", "functions": "ScanWarning"}[kind]
    assert [[warned, count, "miss", "saved"], [None, count, "hit", None]] == failing
    assert [["CacheWarning", count + 1, "miss", "error"]] * 2 == unstorable
    record(starts=4)


def test_key_that_cannot_be_stored_in_a_changed_module(app: App, record: Record) -> None:
    """A module that is added later brings a key that cannot be stored: all works, uncached."""
    app.write(READERS)
    app.run(f"{LIST['classes']}\nout = len(REG)")
    app.write({"app/readers/odd.py": UNSTORABLE["classes"]})

    seen = app.run(f"{LIST['classes']}\n{ASK}", PYTHONWARNINGS="ignore")

    assert [None, 3, "miss", "error"] == seen
    record(starts=2)


ASK = """
try:
    out = len(REG) and None
except Warning as error:
    out = type(error).__name__
out = out, len(REG), REG.report.status, REG.report.saved and REG.report.saved.status
"""
UNSTORABLE = {
    "classes": """
        from .base import Reader
        class Odd(Reader): format = frozenset()
        """,
    "functions": """
        from app.registry import FILTERS
        @FILTERS.register(fact=frozenset())
        def odd(): pass
        """,
}


@pytest.mark.parametrize("kind", LIST)
def test_plugin_that_changes_the_surroundings(kind: str, app: App, record: Record) -> None:
    """A plugin clears the environment and moves elsewhere: saved where it was looked for."""
    deed = "import os; os.environ.clear(); os.chdir('/')"
    app.write({**FILES[kind], f"app/{FOLDER[kind]}/odd.py": deed})
    ask = f"{LIST[kind]}\n{ASK}"
    beside = {"REGCACHE_DIR": os.path.relpath(app.cache, app.folder)}

    off = app.run(ask, REGCACHE_DISABLE="1", **beside)
    assert [] == app.cache_files()
    cold, warm = app.run(ask, **beside), app.run(ask, **beside)

    count = {"classes": 2, "functions": 3}[kind]
    assert [None, count, "disabled", None] == off
    assert [None, count, "miss", "saved"] == cold
    assert [None, count, "hit", None] == warm
    assert 1 == len(app.cache_files())
    record(starts=3)


#: What another user does who may write the folder above, and what the next start tells then.
SWAPS = {
    DISTURB: ["FILE_ABSENT", None],  # moves the folder away; nothing else succeeds
    # The older folder comes back.
    "os.rename(folder, folder + '.new')\nos.rename(folder + '2', folder)": [
        "VERSION_CHANGED",
        None,
    ],
    # His link to ours.
    "os.rename(folder, folder + '.ours')\nos.symlink(folder + '.ours', folder)": [
        "FOREIGN_OWNER",
        "FOREIGN_OWNER",
    ],
    # His folder with his answer.
    """
os.unlink(folder)
manager.save_cache({"a": "wrong"})
os.chmod(folder, 0o755)
os.chmod(manager.path, 0o644)
""": ["FOREIGN_OWNER", "FOREIGN_OWNER"],
}
#: Each user's code in a process of his own, which need not import all of core again.
_IN_TURN = """
def print(text):
    os.write(1, text.encode() + b",")
os.write(1, b"[")
for uid, code in {steps!r}:
    child = os.fork()
    if not child:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        exec(code, globals())
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
os.write(1, b"null]")
"""


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can work as two other users"
)
def test_folder_above_that_others_may_write(record: Record) -> None:
    """Who may write the folder above moves ours away, or an older one back: no wrong answer."""
    newer = "manager.version_getter = lambda: '2'\n"
    steps = [(USER, _START.replace("right", "old"))]
    for deed in SWAPS:
        steps += [(OTHER, newer + deed), (USER, newer + _START)]
    with tempfile.TemporaryDirectory(prefix="regcache-tests-") as place:
        os.chmod(place, 0o755)
        machine = Machine(Path(place))
        machine.shared.chmod(0o777)
        (machine.shared / "mine").touch()

        cold, disturbed, *seen, _ = machine.run(0, _IN_TURN.format(steps=steps))

    assert [{"a": "old"}, "miss", "FILE_ABSENT", None] == cold
    assert ["rename"] == disturbed
    assert [[RIGHT, "miss", *told] for told in SWAPS.values()] == seen
    record(swaps=len(SWAPS), wrong=0)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_temporary_file_is_made_by_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    """What lies where a temporary file is to be made is not written into; no link is followed."""
    folder, target = tmp_path / "cache", tmp_path / "target"
    folder.mkdir(mode=0o700)
    target.write_text("kept")
    monkeypatch.setattr("time.monotonic_ns", lambda: 7)
    temporary = folder / f".a.json.{os.getpid()}-{threading.get_ident()}-7.tmp"
    temporary.symlink_to(target)

    with pytest.raises(FileExistsError):
        write_document(str(folder / "a.json"), {"a": 1})

    assert ("kept", []) == (target.read_text(), [*folder.glob("*.json")])
    record(followed=0)

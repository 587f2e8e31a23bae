"""``RegistryCacheManager.verify``: a cached answer against what a fresh process builds."""

import os
import signal
import subprocess
import sys
import time

import pytest
from tampering import whole
from throwaway import App

from regcache_core import (
    CacheConfig,
    ConfigError,
    Difference,
    VerificationError,
    make_converter,
)

#: A module with a manager, and the function that builds its items.
PALETTES = """
    import attrs, os, sys
    from regcache_core import RegistryCacheManager, SourceTree

    @attrs.frozen
    class Palette:
        name: str
        stops: tuple = ()

    BUILT = []

    def build():
        BUILT.append(os.getpid())
        print("noise")
        print("more noise", file=sys.stderr)
        return {"red": Palette("red", (0, 1)), 7: Palette("seven"), "blue": Palette("blue")}

    def dump(item): return {"name": item.name, "stops": list(item.stops)}
    def restore(record): return Palette(record["name"], tuple(record["stops"]))

    def by_type(**more):
        return RegistryCacheManager(
            "palettes", str, item_type=Palette, application="painter",
            inputs=[SourceTree([os.path.dirname(__file__)], [".txt"])], **more,
        )
    def by_pair():
        return RegistryCacheManager("palettes", str, dump, restore, application="painter")
    """


@pytest.fixture
def palettes(app: App):
    app.write({"palettes.py": PALETTES, "colours.txt": ""})
    return app.load("palettes")


@pytest.fixture(params=["by_type", "by_pair"])
def manager(request, palettes):
    """A manager whose items are cached."""
    manager = getattr(palettes, request.param)()
    manager.get_or_build(palettes.build)
    palettes.BUILT.clear()
    return manager


def test_equal_answer_has_no_differences(manager, palettes, capfd):
    """Another process builds, and is not heard; the cached answer is equal, in words too."""
    seen = manager.verify(palettes.build)

    assert [] == palettes.BUILT
    assert ("", "") == capfd.readouterr()
    assert ("hit", True, ()) == (seen.status, seen.is_fresh, seen.differences)
    assert f"equal to a fresh discovery: hit: 3 items, {manager.path}" == str(seen)
    assert f"<Verification {seen}>" == repr(seen)


EDITS = {
    "a key is missing": (
        '"!int 7":{"name":"seven","stops":[]},',
        "",
        [("items['!int 7']", None, {"name": "seven", "stops": []})],
    ),
    "a key too many": (
        '"items":{',
        '"items":{"green":{"name":"green","stops":[]},',
        [("items['green']", {"name": "green", "stops": []}, None)],
    ),
    "another value": (
        '"name":"blue"',
        '"name":"azure"',
        [("items['blue']['name']", "azure", "blue")],
    ),
    "equal, but another type": (
        "[0,1]",
        "[false,true]",
        [("items['red']['stops']", [False, True], [0, 1])],
    ),
    "another order": (
        '"!int 7":{"name":"seven","stops":[]},"blue":{"name":"blue","stops":[]}',
        '"blue":{"name":"blue","stops":[]},"!int 7":{"name":"seven","stops":[]}',
        [("order of items", "blue", "!int 7")],
    ),
    "another field": (
        '"name":"blue","stops":[]',
        '"name":"blue","steps":[]',
        [("items['blue']['steps']", [], None), ("items['blue']['stops']", None, [])],
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_each_difference_is_told(edit, manager, palettes, app):
    """A file that was edited by hand is told apart in exactly the places that were edited."""
    old, new, differences = EDITS[edit]
    app.edit_cache(old, new)

    seen = manager.verify(palettes.build)

    assert ("hit", False) == (seen.status, seen.is_fresh)
    assert tuple(Difference(*each) for each in differences) == seen.differences


def test_differences_in_words(manager, palettes, app):
    """The text of the result names each difference, and what is not there."""
    app.edit_cache('"!int 7":{"name":"seven","stops":[]},', "")
    app.edit_cache('"name":"blue"', '"name":"azure"')

    lines = str(manager.verify(palettes.build)).splitlines()

    assert [
        f"differences: 2 (hit: 2 items, {manager.path})",
        "  items['blue']['name']: cached 'azure', found 'blue'",
        "  items['!int 7']: cached nothing, found {'name': 'seven', 'stops': []}",
    ] == lines


def test_miss_is_reported_as_such(palettes):
    """Without a cached answer nothing is compared or built: a build that fails does no harm."""
    seen = palettes.by_type().verify(sys.exit)

    assert ("miss", "FILE_ABSENT", True) == (seen.status, seen.report.reason.name, seen.is_fresh)
    assert str(seen).startswith("nothing to compare: miss: there is no cache file yet")


def test_change_while_the_other_process_builds_is_a_miss(palettes, app):
    """A source that changes meanwhile makes the cached answer a miss: that is no difference."""
    app.write(
        {
            "changing.py": """
                import os
                def build():
                    with open(os.path.join(os.path.dirname(__file__), "new.txt"), "w"): pass
                    return {}
                """
        }
    )
    manager = palettes.by_type()
    manager.get_or_build(palettes.build)

    seen = manager.verify(app.load("changing").build)

    assert ("miss", "SOURCE_ADDED", ()) == (seen.status, seen.report.reason.name, seen.differences)


def test_nothing_is_written(palettes, app):
    """The cache folder stays as it is, even where a load would renew the file."""
    manager = palettes.by_type()
    manager.save_cache(palettes.build())
    old = time.time_ns() - 10**10
    os.utime(app.folder, ns=(old, old))
    before = whole(app.cache)
    manager.verify(palettes.build)
    untouched = whole(app.cache)
    manager.load_cache()

    assert before == untouched != whole(app.cache)


def test_manager_is_left_as_it_is(palettes):
    """What the manager reports, and what it recorded for the next save, stays."""
    manager = palettes.by_type()
    manager.load_cache()
    report, misses, extra = manager.last_report, {**manager._misses}, manager.extra

    manager.verify(palettes.build)

    assert (report, misses, extra) == (manager.last_report, manager._misses, manager.extra)
    assert not manager.read_only


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("raise ValueError('no palettes today')", 1, "ValueError: no palettes today"),
        ("sys.exit(3)", 3, ""),
        ("sys.exit()", 0, ""),
        ("os._exit(0)", 0, ""),
        ("os.kill(os.getpid(), 9)", -9, ""),
        ("return {'a': object()}", 1, "NOT_SERIALIZABLE"),
        ("[print('line', i) for i in range(9999)]; sys.exit(4)", 4, "line 9979\n"),
    ],
)
def test_process_that_fails_is_an_error(code, status, told, manager, app):
    """However the other process ends without an answer, the error has status and last lines."""
    app.write({"failing.py": f"import os, sys\ndef build():\n    {code}\n"})

    with pytest.raises(VerificationError) as caught:
        manager.verify(app.load("failing").build)

    error = caught.value
    assert ("palettes", status) == (error.name, error.status)
    assert told in error.output + "\n"
    assert "'palettes' was not verified: the process that computes the answer anew ended with " in (
        str(error)
    )
    assert str(error).endswith(error.output)
    assert len(error.output.splitlines()) <= 20


def test_threads_and_children_of_plugins_do_not_hold_us(palettes, app):
    """A thread, and a process, that the build leaves behind do not keep the result back."""
    app.write(
        {
            "leaving.py": """
                import subprocess, sys, threading, time, palettes
                def build():
                    threading.Thread(target=time.sleep, args=[300]).start()
                    sleep = "import time; time.sleep(20)"
                    subprocess.Popen([sys.executable, "-S", "-c", sleep])
                    return palettes.build()
                """
        }
    )
    manager = palettes.by_pair()
    manager.get_or_build(palettes.build)

    assert manager.verify(app.load("leaving").build).is_fresh


SETTINGS = """
    import json, os, sys, warnings
    from regcache_core import RegistryCacheManager
    def manager():
        return RegistryCacheManager("settings", str, as_is, as_is, application="settings")
    def as_is(value): return value
    def build():
        return {
            "path": sys.path, "argv": sys.argv, "cwd": os.getcwd(), "optimize": sys.flags.optimize,
            "utf8": sys.flags.utf8_mode, "warnings": sys.warnoptions, "variable": os.environ["V"],
            "executable": sys.executable, "input": sys.stdin.read(),
            "disabled": os.environ.get("REGCACHE_DISABLE"),
        }
    """


def test_process_has_what_we_have(app):
    """Interpreter, options, path, folder, arguments and environment are ours; caching is off."""
    app.write({"settings.py": SETTINGS, "elsewhere/input.txt": "typed"})
    program = """
import json, sys, os, io
sys.path.append("/somewhere/else")
os.chdir("elsewhere")
sys.stdin = io.StringIO("")
os.dup2(os.open("input.txt", os.O_RDONLY), 0)
import settings
settings.manager().get_or_build(settings.build)
print(json.dumps(settings.manager().verify(settings.build).differences))
"""
    done = app.start(program, "-O", "-X", "utf8", "-W", "ignore::ImportWarning", V="5")

    assert '[["items[\'disabled\']", null, "1"]]' == done.stdout.strip(), done.stderr


def test_what_another_process_cannot_import_is_an_error(palettes):
    """A nested function or a lambda is a ConfigError with advice."""
    manager = palettes.by_type()

    def build():
        return {}

    for function in (build, lambda: {}):
        with pytest.raises(ConfigError, match="give what another process can import") as caught:
            manager.verify(function)

        assert ("build", function) == (caught.value.field, caught.value.value)


def test_converter_of_its_own_is_an_error(palettes):
    """A converter cannot be sent to another process: a ConfigError says what can."""
    manager = palettes.by_type(converter=make_converter())

    with pytest.raises(ConfigError, match="give serializer= and deserializer= instead"):
        manager.verify(palettes.build)


def test_what_is_defined_in_a_script_is_an_error(app):
    """A function of ``__main__`` is refused, before any process is started."""
    program = """
from regcache_core import ConfigError, RegistryCacheManager
def as_is(value): return value
def build(): return {}
try:
    RegistryCacheManager("a", str, as_is, as_is, application="a").verify(build)
except ConfigError as error:
    out = str(error)
"""
    text = app.run(program)

    assert text.startswith("build is <function build at ")
    assert text.endswith("(build is defined in __main__).")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal")
def test_interrupt_ends_the_other_process(palettes, app):
    """Ctrl-C here is a KeyboardInterrupt, and the process that builds is gone."""
    app.write(
        {
            "slow.py": """
                import os, time
                def build():
                    with open("pid.tmp", "w") as file: file.write(str(os.getpid()))
                    os.rename("pid.tmp", "pid")
                    time.sleep(300)
                """
        }
    )
    app.start("import palettes; palettes.by_pair().get_or_build(palettes.build)")
    program = "import palettes, slow; palettes.by_pair().verify(slow.build)"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=app.environment(),
        cwd=app.folder,
        stderr=subprocess.PIPE,
    )
    while not (app.folder / "pid").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)

    assert b"\nKeyboardInterrupt\n" in told
    with pytest.raises(ProcessLookupError):
        for _ in range(600):  # it was killed; somebody has to take its status
            os.kill(int((app.folder / "pid").read_text()), 0)
            time.sleep(0.05)


def test_manager_with_everything_off_is_disabled(palettes, monkeypatch):
    """Where caching is switched off there is nothing to verify."""
    monkeypatch.setenv("REGCACHE_DISABLE", "1")

    assert "disabled" == palettes.by_type(config=CacheConfig()).verify(palettes.build).status

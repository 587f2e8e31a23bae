"""Where cache files lie, what tells them apart, and the variables that switch caching off."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from core_tools import needs_users, read, refused

import regcache_core
from regcache_core import CacheConfig, ConfigError, Reason, get_cache_file_path
from regcache_core._file import cache_folder

VALUES = [None, "", "/abs", "/abs/", "relative", " /x", "~"]


ON = ["1", "true", "TRUE", "yes", "on", "y", "2", " 1 ", "anything"]
OFF = ["", "0", "false", "FALSE", "No", "off", " 0 ", "  "]


def set_variable(monkeypatch, name, value):
    """Set an environment variable, or remove it for `None`."""
    if value is None:
        monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setenv(name, value)


def folder_of_platformdirs():
    """platformdirs' answer; `None` where it has none, or none that holds in every folder."""
    try:
        folder = platformdirs.user_cache_dir("regcache", appauthor=False)
    except RuntimeError:
        return None
    return folder if os.path.isabs(folder) else None


@pytest.mark.parametrize("android", [{}, {"ANDROID_DATA": "/data", "ANDROID_ROOT": "/system"}])
@pytest.mark.parametrize(("xdg", "home"), [*itertools.product(VALUES, VALUES)])
def test_folder_is_that_of_platformdirs(monkeypatch, xdg, home, android):
    """For every combination of the variables the folder is what platformdirs gives an application
    called regcache."""
    monkeypatch.delenv("REGCACHE_DIR")
    monkeypatch.setenv("SHELL", "/bin/sh")
    for name, value in ({"XDG_CACHE_HOME": xdg, "HOME": home} | android).items():
        set_variable(monkeypatch, name, value)

    assert folder_of_platformdirs() == cache_folder()


def test_folder_of_regcache_goes_first(monkeypatch, tmp_path):
    """`REGCACHE_DIR` decides where it is set, and is made absolute; empty, it counts as unset."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.chdir(tmp_path)
    folders = []
    for value in ("/mine", "mine", "mine/../other", ""):
        monkeypatch.setenv("REGCACHE_DIR", value)
        folders.append(cache_folder())

    here = os.getcwd()
    assert ["/mine", f"{here}/mine", f"{here}/other", "/xdg/regcache"] == folders


WITHOUT_A_HOME = """
from regcache_core import NoCacheFolderError, RegistryCacheManager, get_cache_file_path
manager = RegistryCacheManager("p", lambda: "1", str, str, application="painter")
answer = manager.get_or_build(lambda: {"a": "1"})
manager.clear_cache()
report = manager.last_report
try:
    get_cache_file_path("p")
except NoCacheFolderError as error:
    told = [error.application, isinstance(error, OSError), str(error)]
print(json.dumps([answer, manager.path, report.status, report.reason.name, told]))
"""


@needs_users
def test_user_without_a_home_has_no_cache(run_python):
    """Nobody's home can be found for an unknown user id: an answer, no cache, and no exception."""
    nowhere = {"HOME": None, "REGCACHE_DIR": None}

    seen = run_python(WITHOUT_A_HOME, first="import platformdirs", uid=54_321, env=nowhere)

    assert [{"a": "1"}, None, "disabled", "NO_CACHE_FOLDER"] == seen[:4]
    assert ["regcache", True] == seen[4][:2]
    assert "Set REGCACHE_DIR" in seen[4][2]


def test_cache_works_in_a_lost_working_folder(run_python, tmp_path):
    """A working folder that was removed does not matter where the cache folder is absolute."""
    (tmp_path / "lost").mkdir()

    seen = run_python(
        """
        import shutil; shutil.rmtree(os.getcwd())
        from regcache_core import RegistryCacheManager
        sys.modules["__main__"].__file__ = "relative.py"
        manager = RegistryCacheManager("p", lambda: "1", str, str, application="painter")
        manager.get_or_build(lambda: {"a": "1"})
        print(json.dumps([manager.load_cache(), manager.last_report.status]))
        """,
        cwd=tmp_path / "lost",
    )

    assert [{"a": "1"}, "hit"] == seen


def test_path_is_the_one_that_a_manager_uses(make, tmp_path):
    """`get_cache_file_path` and a manager of the same name, application and sources agree."""
    manager = make("palettes", inputs=[regcache_core.SourceTree([tmp_path])])

    path = get_cache_file_path("palettes", application="painter", paths=[str(tmp_path)])

    assert Path(manager.path) == path
    assert not path.exists()


PRINT_PATH = (
    "import {0}, sys; from regcache_core import get_cache_file_path;"
    "print(get_cache_file_path('p', application={0!r}))"
)


def path_in(python, folder, application="painting"):
    """The path of a cache in a fresh process that has `folder` on its path."""
    src = str(Path(regcache_core.__file__).parents[1])
    lazily = {"REGCACHE_EAGER_IMPORT": ""}  # a new environment has none of our dependencies
    done = subprocess.run(
        [python, "-c", PRINT_PATH.format(application)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), src])} | lazily,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("file", ["painting.py", "painting/part.py"], ids=["module", "namespace"])
def test_copies_of_an_application_do_not_share(file, tmp_path):
    """The same application in two folders has two files; in one folder, one."""
    for name in ("one", "two"):
        (tmp_path / name / file).parent.mkdir(parents=True)
        (tmp_path / name / file).touch()
    paths = [path_in(sys.executable, tmp_path / name) for name in ("one", "two", "one")]

    assert paths[0] == paths[2] != paths[1]


def test_working_folder_does_not_matter(run_python, tmp_path):
    """The same program started in two folders has one file."""
    code = """
        from regcache_core import get_cache_file_path
        print(json.dumps(str(get_cache_file_path("p"))))
    """

    assert run_python(code, cwd="/") == run_python(code, cwd=tmp_path)


def test_environments_do_not_share(tmp_path):
    """Two virtual environments of one interpreter have two files."""
    (tmp_path / "painting.py").touch()
    venv = tmp_path / "venv"
    made = [sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(venv)]
    subprocess.run(made, check=True, capture_output=True)
    python = shutil.which("python", path=str(venv / "bin"))

    assert path_in(sys.executable, tmp_path) != path_in(python, tmp_path)


def test_identity_names_the_interpreter(make):
    """Prefix, implementation and full version of Python are part of the identity."""
    manager = make()
    manager.save_cache({})
    text = Path(manager.path).read_text()

    assert sys.implementation.name in text
    assert sys.version.partition(" ")[0] in text
    assert sys.prefix in text


def test_mode_of_lazy_imports_is_part_of_the_identity(make, monkeypatch):
    """Each mode has its file, of one manager too; a Python without modes has the file it had."""
    monkeypatch.delattr(sys, "get_lazy_imports", raising=False)
    manager, paths = make(), []
    paths.append(manager.path)
    for mode in ("normal", "all", "none"):
        monkeypatch.setattr(sys, "get_lazy_imports", lambda mode=mode: mode, raising=False)
        loaded = manager.load_cache()
        assert (None, True) == (loaded, manager.save_cache({"a": mode}))
        assert {"a": mode} == manager.load_cache() == make().load_cache()
        paths.append(manager.path)

    assert 4 == len({*paths})
    python = f"{sys.implementation.name} {sys.version} -O{sys.flags.optimize}"
    assert f"{python} -X lazy_imports=none" == read(manager)["identity"]["python"]
    monkeypatch.delattr(sys, "get_lazy_imports")
    manager.save_cache({})
    assert (python, paths[0]) == (read(manager)["identity"]["python"], manager.path)


@pytest.mark.parametrize("variable", ["REGCACHE_DISABLE", "MY_PAINTER_DISABLE_REGISTRY_CACHE"])
@pytest.mark.parametrize("word", ON)
def test_caching_is_switched_off(make, monkeypatch, variable, word):
    """Any word but a negative one in either variable switches caching off, for loads and saves."""
    make(application="my-painter").save_cache({"a": 1})
    monkeypatch.setenv(variable, word)
    manager = make(application="my-painter")

    loaded, saved = manager.load_cache(), manager.save_cache({"b": 2})

    assert (None, False) == (loaded, saved)
    assert ("disabled", Reason.SWITCHED_OFF, variable) == (
        *(manager.last_report.status, manager.last_report.reason, manager.last_report.where),
    )
    monkeypatch.delenv(variable)
    assert {"a": 1} == manager.load_cache()


@pytest.mark.parametrize(
    "variable", ["REGCACHE_DISABLE", "PAINTER_DISABLE_REGISTRY_CACHE", "REGCACHE_REFRESH"]
)
@pytest.mark.parametrize("word", OFF)
def test_negative_words_switch_nothing(make, monkeypatch, variable, word):
    """An empty, zero or negative word counts as unset."""
    make().save_cache({"a": 1})
    monkeypatch.setenv(variable, word)

    assert {"a": 1} == make().load_cache()


@pytest.mark.parametrize(
    ("application", "variable"),
    [
        ("painter", "PAINTER"),
        ("Painter2", "PAINTER2"),
        ("my.painter", "MY_PAINTER"),
        ("__main__", "__MAIN__"),
        ("m\u00e4ler", "M_LER"),
    ],
)
def test_switch_of_an_application_bears_its_name(make, monkeypatch, application, variable):
    """The name in capitals, with an underscore for what no variable's name has."""
    manager, other = make(application=application), make(application="other")
    manager.save_cache({"a": 1})
    other.save_cache({"a": 1})
    monkeypatch.setenv(f"{variable}_DISABLE_REGISTRY_CACHE", "1")

    assert Reason.SWITCHED_OFF is refused(manager)[0]
    assert {"a": 1} == other.load_cache()


@pytest.mark.parametrize("word", ON)
def test_refresh_ignores_and_rewrites(make, monkeypatch, word):
    """`REGCACHE_REFRESH` builds anew what is cached, and saves it."""
    make().save_cache({"a": 1})
    monkeypatch.setenv("REGCACHE_REFRESH", word)
    manager = make()

    answer = manager.get_or_build(lambda: {"a": 2})
    report = manager.last_report
    monkeypatch.delenv("REGCACHE_REFRESH")

    assert {"a": 2} == answer == make().load_cache()
    assert ("miss", Reason.REFRESH_REQUESTED, "REGCACHE_REFRESH") == (
        *(report.status, report.reason, report.where),
    )


@pytest.mark.parametrize("given", ["here", Path("here"), "~/here", os.path.join(os.sep, "here")])
def test_folder_of_one_registry_outranks_the_environment(given, make, tmp_path, monkeypatch):
    """`cache_dir=` is a path as users write it, of the moment at which it is given."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    manager = make(config=CacheConfig(cache_dir=given))
    monkeypatch.chdir(os.sep)

    folder = os.sep if str(given).startswith(os.sep) else str(tmp_path)
    path = Path(manager.path)
    assert Path(folder, "here") == path.parents[1]
    assert (
        get_cache_file_path(manager.cache_name, application=manager.application).name == path.name
    )


def test_registry_with_a_folder_lives_there_and_nowhere_else(make, tmp_path, monkeypatch):
    """Loaded, saved, and cleared; without it there is another file, of the same name."""
    monkeypatch.delenv("REGCACHE_DIR")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    folder, config = tmp_path / "there", CacheConfig(cache_dir=tmp_path / "there")
    make(config=config).get_or_build(lambda: {"red": 1})

    manager = make(config=config)

    assert {"red": 1} == manager.load_cache()
    assert [manager.path] == [str(path) for path in folder.rglob("*.json")]
    assert 0o700 == os.stat(os.path.dirname(manager.path)).st_mode & 0o777 or os.name != "posix"
    assert (None, Reason.NO_CACHE_FOLDER) == (make().load_cache(), refused(make())[0])
    manager.clear_cache()
    assert [] == [*folder.rglob("*.json")]


def test_relative_folder_of_nowhere_is_refused(tmp_path, monkeypatch):
    """Where the working folder is gone it would lie nowhere."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    with pytest.raises(ConfigError, match="cache_dir is 'here'; give the path of a folder"):
        CacheConfig(cache_dir="here")

"""`ImportPath` by itself: what it hears of, what it makes of a strange `sys.path` or record."""

import copy
import importlib.util
import os
import sys
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import pytest
from core_tools import in_threads, make_old, read, refused, told

from regcache_core import PYTHON_SUFFIXES, CacheMiss, Reason
from regcache_core._modules import search_path
from regcache_core.discovery import ImportPath, find_spec
from regcache_core.discovery._cold.search_path import _Listing
from regcache_core.discovery.modules import look_into


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on `sys.path`, made a while ago, with a distribution and a loose module."""
    site = tmp_path / "site"
    (site / "tool-1.0.dist-info").mkdir(parents=True)
    (site / "tool.py").touch()
    (site / "space" / "part").mkdir(parents=True)
    make_old(site)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr("sys.path", [str(tmp_path / "script"), *sys.path])
    yield site
    for name in ("tool", "loose", "space", "space.part"):
        sys.modules.pop(name, None)


def finders():
    """The finders of this moment, to be compared by identity."""
    return [*sys.meta_path]


def test_what_nothing_finds_is_heard_of_whoever_catches_the_error(site):
    """Imports and probes are noted, of modules and of distributions; what is found is not."""
    path = ImportPath()
    with path.recording():
        with pytest.raises(ImportError):
            import no_such_module  # noqa: F401
        with pytest.raises(ImportError):
            import json.nothing  # noqa: F401
        assert importlib.util.find_spec("nor_this") is None
        assert find_spec("colorsys_2") is None
        with pytest.raises(metadata.PackageNotFoundError):
            metadata.version("no-such-distribution")
        assert list(metadata.distributions(name="pytest"))
        import tool  # noqa: F401

    assert ["no_such_module", "json.nothing", "nor_this", "colorsys_2"] == path.names
    assert "no-such-distribution" in path.probed
    assert [] == path.late


def test_recorder_goes_whatever_happens_to_the_list_of_finders(site, monkeypatch):
    """It is taken out of the list that it was put into, and of the one that is in use then."""
    before = finders()
    first, second = ImportPath(), ImportPath()
    monkeypatch.setattr("sys.meta_path", sys.meta_path)
    held = sys.meta_path
    with pytest.raises(ZeroDivisionError), first.recording(), second.recording():
        find_spec("not_there")
        sys.meta_path.reverse()
        sys.meta_path = [*sys.meta_path]
        raise ZeroDivisionError

    assert before[::-1] == sys.meta_path == held
    held.reverse()
    assert ["not_there"] == first.names == second.names


def test_registries_that_discover_at_once_do_not_disturb_each_other(site):
    """Each thread's recorder comes and goes by itself, and misses nothing of its own."""
    before, missed = finders(), []

    def discover(number):
        path = ImportPath()
        for turn in range(50):
            with path.recording():
                find_spec(f"none_{number}_{turn}")
            missed.extend({f"none_{number}_{turn}"} - {*path.names})

    in_threads(4, discover)

    assert ([], before) == (missed, finders())


def test_candidates_are_sorted_into_missing_and_used(site):
    """What the application imports is kept if nothing finds it, and known as used else."""
    path = ImportPath("app")
    path.add(["tool", "gone_tool", "gone_tool", "os.path", "", "a..b"])

    assert ["gone_tool", "", "a..b"] == path.names
    assert {"tool", "os"} == path.used


def test_missing_module_is_looked_for_anew_where_a_folder_moved(site, monkeypatch):
    """What one registry looked for in vain another finds, on the path and in a package."""
    monkeypatch.setattr("regcache_core._cold.stamps.RACY_NS", 0)  # times are believed at once

    def missed(new=""):
        if new:
            (site / new).touch()
            importlib.invalidate_caches()
        path = ImportPath("app")
        path.record()
        path.add(["loose", "space.none"])
        return path.names

    assert ["loose", "space.none"] == missed() == missed()
    assert ["loose"] == missed("space/none.py")
    with monkeypatch.context() as patch:
        finder = SimpleNamespace(find_spec=lambda name, *_: ModuleSpec(name, None))
        patch.setattr("sys.meta_path", [*sys.meta_path, finder])
        assert [] == missed()
    assert ["loose"] == missed()
    assert [] == missed("loose.py")


def test_what_was_loaded_before_counts_if_installed_or_used(site, make, monkeypatch):
    """Modules of the program itself say nothing of the plugins, unless a plugin imports them."""
    loose = site.parent / "loose_modules"
    loose.mkdir()
    for name in ("loose", "known"):
        (loose / f"{name}.py").touch()
        monkeypatch.setitem(sys.modules, name, type(os)(name))
    monkeypatch.setitem(sys.modules, "tool", type(os)("tool"))
    monkeypatch.syspath_prepend(loose)
    path = ImportPath()
    path.add(["known"])
    manager = make(inputs=[path])
    manager.save_cache({"a": 1})

    wanted = read(manager)["import_path"]["wanted"]

    assert {"tool", "known"} <= {*wanted}
    assert "loose" not in wanted


def test_strange_entries_of_the_path_are_no_obstacle(site, make, monkeypatch):
    """Entries that are no text, relative, missing, there twice: as Python takes them."""
    strange = ["", Path("/"), None, "relative", str(site), str(site), "/no/such/folder"]
    if sys.version_info >= (3, 11):  # before, an import that comes to bytes fails in Python itself
        strange.append(b"/tmp")
    monkeypatch.chdir(site.parent)
    monkeypatch.setattr("sys.path", [*strange, *sys.path])
    manager = make(inputs=[ImportPath()])
    manager.save_cache({"a": 1})

    folders = read(manager)["import_path"]["folders"]

    assert {"a": 1} == manager.load_cache()
    assert [str(site.parent), str(site.parent / "relative"), str(site)] == [*folders][:3]
    assert [0, 0, 0, [], []] == folders["/no/such/folder"]


def test_current_folder_that_was_removed_is_no_obstacle(site, make, tmp_path, monkeypatch):
    """Python skips what it cannot name; so does the check."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setattr("sys.path", ["", *sys.path])
    manager = make(inputs=[ImportPath()])
    gone.rmdir()
    manager.save_cache({"a": 1})
    monkeypatch.setattr("sys.path", [""])

    assert "" not in read(manager)["import_path"]["folders"]
    assert manager.load_cache() in ({"a": 1}, None)


def save(make, *names):
    """A manager whose file knows what is in `site`, and holds."""
    path = ImportPath()
    path.add(names)
    manager = make(inputs=[path])
    assert manager.save_cache({"a": 1})
    manager = make(inputs=[ImportPath()])
    assert {"a": 1} == manager.load_cache()
    return manager


def test_order_of_folders_counts_where_several_hold_a_module(site, make, monkeypatch):
    """Another folder in front brings another module of the name."""
    other = site.parent / "other"
    other.mkdir()
    (other / "tool.py").touch()
    monkeypatch.setitem(sys.modules, "tool", type(os)("tool"))
    first, *rest = sys.path
    monkeypatch.setattr("sys.path", [first, str(other), *rest])
    manager = save(make)
    monkeypatch.setattr("sys.path", [first, str(site), str(other), *rest])

    assert manager.load_cache() is None
    assert (Reason.MODULE_GONE, "tool", [str(other), str(site)], [str(site), str(other)]) == (
        *told(manager),
        *(manager.last_report.old, manager.last_report.new),
    )


def test_folder_that_is_missing_a_submodule_is_watched(site, make):
    """A part of a package that is no distribution's may be added; it is not imported for that."""
    loose = site.parent / "loose_modules"
    (loose / "space" / "part").mkdir(parents=True)
    sys.path.insert(1, str(loose))
    manager = save(make, "space.part.new")
    (loose / "space" / "part" / "new.py").write_text("raise RuntimeError('imported')")

    assert (Reason.MODULE_APPEARED, "space.part.new") == refused(manager)


@pytest.mark.parametrize("name", ["Alpha_tools-1.0", "tool-1.0", "zeta-2.0"])
def test_distribution_that_is_installed_anew_is_named(name, site, make):
    """In its old version; of several in one folder, it is the one that is said to have changed."""
    for each in ("Alpha_tools-1.0", "zeta-2.0"):
        (site / f"{each}.dist-info").mkdir()
    make_old(site)
    import tool  # noqa: F401 - somebody uses what is installed

    manager = save(make)
    (site / "later").mkdir()  # so that none has the number of the folder that it replaces
    (site / f"{name}.dist-info").rename(site / "later" / "old")
    (site / f"{name}.dist-info").mkdir()

    assert manager.load_cache() is None
    changed = name.lower().replace("_", "-").partition("-1")[0].partition("-2")[0]
    assert f"miss: a distribution was installed, replaced or removed: {changed}" == str(
        manager.last_report
    )


def test_module_that_hides_one_of_python_is_seen(site, make, monkeypatch):
    """A file `colorsys.py` in a folder before Python's own is what `import colorsys` brings."""
    import colorsys

    first = site.parent / "first"
    first.mkdir()
    make_old(first)
    monkeypatch.syspath_prepend(first)
    manager = save(make, colorsys.__name__)
    (first / "colorsys.py").touch()

    assert (Reason.MODULE_GONE, "colorsys") == refused(manager)


def test_folder_that_becomes_a_package_is_seen(site, make, monkeypatch):
    """A folder without `__init__` gives way to a package behind it, until it gets one."""
    before = site.parent / "before"
    (before / "tool").mkdir(parents=True)
    make_old(before)
    monkeypatch.syspath_prepend(before)
    monkeypatch.setitem(sys.modules, "tool", type(os)("tool"))
    manager = save(make, "tool")
    (before / "tool" / "__init__.py").touch()

    assert (Reason.MODULE_GONE, "tool") == refused(manager)


@pytest.mark.parametrize("name", ["colorsys", "tool"], ids=["Python's", "installed"])
def test_folder_of_data_hides_no_module(name, site, make, monkeypatch):
    """A folder without `__init__` where another start begins is no other place of the module."""
    data = site.parent / "data"
    (data / name).mkdir(parents=True)
    make_old(data)
    monkeypatch.setitem(sys.modules, name, type(os)(name))
    manager = save(make, name)
    monkeypatch.setattr("sys.path", [str(data), *sys.path])

    assert {"a": 1} == manager.load_cache()


def damaged(record):
    """Copies of a record, each with one part that has another shape."""
    wrong = [None, 5, "x", [], ["x"], {}, {"x": None}, {"x": []}, {"x": [1, 2, 3]}, True]
    for member in sorted({*record} - {"broken", "versions", "files"}):  # a closer look mends these
        yield {name: value for name, value in record.items() if name != member}
        for value in wrong:
            if value.__class__ is not record[member].__class__ or isinstance(value, dict):
                yield {**record, member: value}
    for path in [*record["folders"]][:2]:
        for value in (None, 5, "x", [], [1, 2], {}, [1, 2, 3, 4, 5], [0, 0, 0, 5, 5]):
            changed = copy.deepcopy(record)
            changed["folders"][path] = value
            yield changed


def test_damaged_record_is_a_miss(site, make, edit, monkeypatch):
    """Whatever lies in the record's place: no exception, and no hit."""
    monkeypatch.setitem(sys.modules, "tool", type(os)("tool"))
    manager = save(make, "absent_tool")
    right = read(manager)["import_path"]
    believed = []
    for record in [each for each in damaged(right) if each != right]:
        edit(manager, import_path=record)
        if manager.load_cache() is not None:
            believed.append({n: v for n, v in record.items() if v != right[n]})
        else:
            assert manager.last_report.reason is not Reason.FILE_ABSENT

    edit(manager, import_path=right)
    assert {"a": 1} == manager.load_cache()
    assert [] == believed


def test_folder_is_looked_at_alike_warm_and_cold():
    """What a scan lists once for all registries is what a start reads of a folder by itself."""
    for folder in filter(os.path.isdir, search_path()):
        names = os.listdir(folder)
        wanted = {name.partition(".")[0] for name in names}

        listing = _Listing(folder)

        assert look_into(names, folder, wanted, PYTHON_SUFFIXES) == (
            sorted(listing.modules),
            listing.metadata,
        )


@pytest.mark.parametrize("place", ["wanted.py", "wanted/__init__.py", "wanted.pyc", "wanted"])
def test_module_in_the_folder_of_a_start_is_a_miss(place, tmp_path, monkeypatch):
    """Python's own finder of the folder is asked, and asked anew once the folder has changed."""
    path = ImportPath("app")
    start = path.record()
    path.add(["wanted"])
    record = path.complete(start)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.util.find_spec("no_such_module")  # any import makes Python list the folder
    without = ImportPath("app").check(record)

    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).touch() if "." in place else (tmp_path / place).mkdir()

    with pytest.raises(CacheMiss, match="wanted"):
        ImportPath("app").check(record)
    assert without is None

"""Every `Reason` is produced by a real situation; the table below has them all."""

import os
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from core_tools import NOBODY, as_is

from regcache_core import (
    CacheConfig,
    CacheMiss,
    CacheWarning,
    Declared,
    EnvironmentVariable,
    Input,
    Reason,
    RegistryCacheManager,
    SerializationError,
    SourceTree,
)
from regcache_core._file import MAX_BYTES, STATUSES, seal
from regcache_core.discovery import ImportPath


class Situation:
    """A manager with a cache file and one watched file, for the functions of the table."""

    def __init__(self, folder, monkeypatch, edit):
        self.source = folder / "a.txt"
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.edit = edit
        self.manager = self.make()
        self.manager.save_cache({"a": 1})
        self.path = Path(self.manager.path)

    def make(self, version="1.0", deserializer=as_is, more=(), **options):
        """A manager of the same cache."""
        inputs = [SourceTree([self.folder]), *more]
        return RegistryCacheManager(
            "p",
            lambda: version,
            as_is,
            deserializer,
            inputs=inputs,
            application="painter",
            **options,
        )


def load(situation, **options):
    """The report of a load, by a manager with these options."""
    manager = situation.make(**options)
    assert manager.load_cache() is None
    return manager.last_report


def load_after(change):
    """A situation in which `change` has been made."""

    def run(situation):
        change(situation)
        return load(situation)

    return run


def load_edited(**members):
    """A situation in which the file has other members."""
    return load_after(lambda s: s.edit(s.manager, **members))


def load_content(content):
    """A situation in which the file has another content, with a checksum that is right."""
    return load_after(lambda s: s.path.write_bytes(content + seal(content)))


def set_variable(name, value):
    """A situation in which an environment variable is set."""
    return load_after(lambda s: s.monkeypatch.setenv(name, value))


def be_without_a_home(situation):
    """No variable names a folder that is absolute (what holds where no home is known)."""
    situation.monkeypatch.delenv("REGCACHE_DIR")
    situation.monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    situation.monkeypatch.setenv("REGCACHE_DIR", "relative")
    lost = situation.folder.parent / "lost"
    lost.mkdir()
    situation.monkeypatch.chdir(lost)
    lost.rmdir()


def be_a_prompt(situation):
    """The report of a manager in a program that has no file and gives no application."""
    situation.monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    manager = RegistryCacheManager("p", lambda: "1", as_is, as_is, application="__main__")
    assert manager.load_cache() is None
    return manager.last_report


def filter_lazy_imports(situation):
    """A filter is set, as Python has it since 3.15."""
    situation.monkeypatch.setattr(sys, "get_lazy_imports_filter", lambda: print, raising=False)


def save_without_json(situation):
    """The report of a save that has something else than JSON."""
    manager = situation.make()
    with pytest.raises(SerializationError):
        manager.save_cache({"a": object()})
    return manager.last_report


def save_what_changes(situation):
    """The report of a save whose item comes back as another one."""
    manager = RegistryCacheManager("sizes", lambda: "1.0", item_type=int, application="painter")
    with pytest.warns(CacheWarning, match="7.9"):
        manager.save_cache({"a": 7.9})
    return manager.last_report


def save_into_a_file(situation):
    """The report of a save where a file lies in the folder's place."""
    situation.path.unlink()
    situation.path.parent.rmdir()
    situation.path.parent.write_text("")
    situation.manager.save_cache({"a": 1})
    return situation.manager.last_report


def replace_by_folder(situation):
    """Put a folder in the cache file's place."""
    situation.path.unlink()
    situation.path.mkdir()


def replace_folder_by_file(situation):
    """Put a file in the place of the folder that the cache file lies in."""
    situation.path.unlink()
    situation.path.parent.rmdir()
    situation.path.parent.touch()


def give_away(situation):
    """Give the cache file to another user."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(situation.path, NOBODY, NOBODY)


def change_site(name, change):
    """A situation in which a folder on `sys.path` changed, of which a module and a name matter."""

    def run(situation):
        site = situation.folder.parent / "site"
        (site / "tool-1.dist-info").mkdir(parents=True)
        (site / "tool.py").touch()
        situation.monkeypatch.syspath_prepend(site)
        situation.monkeypatch.setattr("sys.path", [str(situation.folder), *sys.path])
        situation.monkeypatch.setitem(sys.modules, "tool", ModuleType("tool"))
        path = ImportPath(entry_points="painter.tools")
        path.add(["absent_tool"])
        situation.make(more=[path]).save_cache({"a": 1})
        change(site)
        report = load(situation, more=[ImportPath(entry_points="painter.tools")])
        assert name == report.where
        return report

    return run


def load_declared(dependency, change):
    """A situation in which `change` has been made to what is declared."""

    def run(situation):
        situation.make(more=[Declared([dependency])]).save_cache({"a": 1})
        change(situation)
        return load(situation, more=[Declared([dependency])])

    return run


def install(situation):
    """Put a distribution's metadata into a folder on the path."""
    (situation.folder / "sci_tiny-1.0.dist-info").mkdir()
    situation.monkeypatch.setattr(sys, "path", [*sys.path, str(situation.folder)])
    situation.edit(situation.manager, file_mtimes=SourceTree([situation.folder]).record())


def publish_entry_point(site):
    """Let a distribution publish an entry point."""
    (site / "tool-1.dist-info" / "entry_points.txt").write_text("[painter.tools]\npaint = tool\n")


class Refusing(Input):
    """An input that refuses by itself, as those of regcache-meta do."""

    def check(self, recorded):
        """Refuse always, with the reason that it was given."""
        raise CacheMiss(self.reason, self.member)


def save_refused(reason):
    """A situation in which an input refuses what is to be saved."""

    def run(situation):
        manager = situation.make(more=[Refusing("refusing", list, reason)])
        manager.save_cache({"a": 1})
        return manager.last_report

    return run


SITUATIONS = {
    "SWITCHED_OFF": set_variable("REGCACHE_DISABLE", "1"),
    "NO_CACHE_FOLDER": load_after(be_without_a_home),
    "NOT_IDENTIFIED": be_a_prompt,
    "LAZY_IMPORTS_FILTERED": load_after(filter_lazy_imports),
    "REFRESH_REQUESTED": set_variable("REGCACHE_REFRESH", "1"),
    "FILE_ABSENT": load_after(lambda s: s.path.unlink()),
    "FILE_UNREADABLE": load_after(replace_folder_by_file),
    "NOT_A_FILE": load_after(replace_by_folder),
    "FOREIGN_OWNER": load_after(give_away),
    "WRITABLE_BY_OTHERS": load_after(lambda s: s.path.chmod(0o666)),
    "TOO_LARGE": load_after(lambda s: os.truncate(s.path, MAX_BYTES + 1)),
    "DAMAGED": load_after(lambda s: os.truncate(s.path, 1000)),
    "NOT_UTF8": load_content(b"\xff"),
    "NOT_JSON": load_content(b"{"),
    "WRONG_SHAPE": load_content(b'{"format":"regcache 1"'),
    "FORMAT_CHANGED": load_edited(format="regcache 0"),
    "KEY_REFUSED": load_edited(items={"!int x": 1}),
    "ITEM_REFUSED": lambda s: load(s, deserializer=lambda record: 1 / 0),
    "IDENTITY_CHANGED": load_edited(identity={}),
    "CACHE_VERSION_CHANGED": lambda s: load(s, config=CacheConfig(cache_version="2")),
    "VERSION_CHANGED": lambda s: load(s, version="2"),
    "SETTINGS_CHANGED": lambda s: (
        s.edit(s.manager, settings=1),
        load(s, more=[Input("settings", lambda: 2)]),
    )[1],
    "FROM_THE_FUTURE": load_edited(timestamp=1e10),
    "TOO_OLD": load_edited(timestamp=1),
    "SOURCE_CHANGED": load_after(lambda s: s.source.write_text("changed")),
    "SOURCE_REMOVED": load_after(lambda s: s.source.unlink()),
    "SOURCE_ADDED": load_after(lambda s: (s.folder / "new.txt").touch()),
    "MODULE_APPEARED": change_site("absent_tool", lambda site: (site / "absent_tool.py").touch()),
    "MODULE_GONE": change_site("tool", lambda site: (site / "tool.py").unlink()),
    "VARIABLE_CHANGED": load_declared(
        EnvironmentVariable("PAINTER_EXTRA"), lambda s: s.monkeypatch.setenv("PAINTER_EXTRA", "1")
    ),
    "ENTRY_POINTS_CHANGED": change_site("paint", publish_entry_point),
    "DISTRIBUTION_CHANGED": change_site("tool", lambda site: (site / "tool-1.dist-info").rmdir()),
    "VERSION_UNKNOWN": lambda s: load(s, version=None),
    "NOT_SERIALIZABLE": save_without_json,
    "COMES_BACK_CHANGED": save_what_changes,
    "WRITE_FAILED": save_into_a_file,
    "EDITED_SINCE_IMPORT": save_refused("EDITED_SINCE_IMPORT"),
    "TRANSIENT_FAILURE": save_refused("TRANSIENT_FAILURE"),
}


def test_table_has_every_reason():
    """No reason is without a situation that leads to it."""
    assert {reason.name for reason in Reason} == set(SITUATIONS)


@pytest.mark.parametrize("name", SITUATIONS)
def test_reason_is_reported(name, folder, monkeypatch, edit):
    """Each situation is reported with its own reason, its status, and a sentence for people."""
    report = SITUATIONS[name](Situation(folder, monkeypatch, edit))

    reason = Reason[name]
    status = STATUSES.get(reason.name, "miss")
    assert (reason, status) == (report.reason, report.status)
    assert f"{status}: {reason.sentence}" in str(report)
    words = report.why().replace(str(report.path), "")
    assert [] == re.findall(r"[0-9a-f]{16}|[0-9]{12}", words), "hashes and stamps are no words"


def test_sentences_differ():
    """Every reason has a sentence of its own, and one of three statuses."""
    assert len(Reason) == len({reason.sentence for reason in Reason})
    assert {*STATUSES} < {reason.name for reason in Reason}
    assert {"disabled", "error"} == {*STATUSES.values()}

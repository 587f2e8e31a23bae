"""The guarantees of a cached registry as a test suite: sub-class ``RegistryCacheTests``.

``DiscoveryTests`` has more of them, for registries whose items are found by importing modules.

For the tests of any registry that is built on regcache: the sub-class says how to write, change
and list a small example; the suite runs it through fresh processes, cold and warm.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_LIST = """
import sys
before = set(sys.modules)
{code}
keys = [repr(key) for key in registry_keys()]
report = registry_report()
modules = sorted(set(sys.modules) - before)
import json
print(json.dumps({{
    "keys": keys,
    "status": report and report.status,
    "reason": report and report.reason and report.reason.name,
    "where": report and report.where,
    "path": report and report.path,
    "modules": modules,
}}))
"""


class RegistryCacheTests:
    """What every registry with a cache must do; pytest collects it from a sub-class ``Test...``.

    A sub-class defines four methods that work on a folder of sources, and ``code``. Its example
    must have at least two items, and its folder is on ``sys.path`` of the processes.
    """

    #: Python code that defines ``registry_keys()`` and ``registry_report()`` (a ``Report``).
    code: str
    #: Modules that a warm process must not import, besides those that no warm process may.
    sources: tuple[str, ...] = ()
    #: Modules that are never needed to answer from a cache file.
    heavy = ("attr", "attrs", "cattrs", "platformdirs", "dataclasses", "inspect", "logging")

    def write_sources(self, folder: Path) -> None:
        """Write the example into an empty folder."""
        raise AssertionError("the sub-class says how")

    def add_source(self, folder: Path) -> None:
        """Add a source with one more item."""
        raise AssertionError("the sub-class says how")

    def edit_source(self, folder: Path) -> None:
        """Edit a source so that the key of one item changes."""
        raise AssertionError("the sub-class says how")

    def remove_source(self, folder: Path) -> None:
        """Remove a source, and one item with it."""
        raise AssertionError("the sub-class says how")

    def run(self, folder: Path, **environment: str) -> dict[str, Any]:
        """List the registry in a fresh process; gives keys, report and imported modules."""
        base = {name: value for name, value in os.environ.items() if "REGCACHE" not in name}
        base |= {"REGCACHE_DIR": str(folder.parent / "cache"), "PYTHONPATH": str(folder)}
        time.sleep(0.02)  # what is written in the clock tick of its import counts as edited since
        done = subprocess.run(
            [sys.executable, "-c", _LIST.format(code=self.code)],
            env=base | environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def start(self, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
        """A folder with the example, and the answer of a first, cold process."""
        folder = tmp_path / "sources"
        folder.mkdir()
        self.write_sources(folder)
        return folder, self.run(folder)

    def test_second_start_is_a_hit_with_the_same_keys(self, tmp_path: Path) -> None:
        """A warm process gives the keys of the cold one, in the same order."""
        folder, cold = self.start(tmp_path)

        warm = self.run(folder)

        assert len(cold["keys"]) >= 2
        assert (cold["status"], cold["reason"]) == ("miss", "FILE_ABSENT")
        assert (warm["status"], warm["reason"]) == ("hit", None)
        assert cold["keys"] == warm["keys"]

    def test_warm_start_imports_neither_sources_nor_heavy_modules(self, tmp_path: Path) -> None:
        """Listing from the cache imports no source of an item and nothing expensive."""
        folder, _ = self.start(tmp_path)

        warm = self.run(folder)

        assert sorted({*self.sources, *self.heavy} & set(warm["modules"])) == []

    def test_added_source_is_seen(self, tmp_path: Path) -> None:
        """A source that was added makes the next start a miss that lists it."""
        folder, cold = self.start(tmp_path)
        self.add_source(folder)

        self._check_rebuilt(folder, cold, len(cold["keys"]) + 1)

    def test_edited_source_is_seen(self, tmp_path: Path) -> None:
        """A source that was edited makes the next start a miss with the new key."""
        folder, cold = self.start(tmp_path)
        self.edit_source(folder)

        self._check_rebuilt(folder, cold, len(cold["keys"]))

    def test_removed_source_is_seen(self, tmp_path: Path) -> None:
        """A source that was removed makes the next start a miss that lacks it."""
        folder, cold = self.start(tmp_path)
        self.remove_source(folder)

        self._check_rebuilt(folder, cold, len(cold["keys"]) - 1)

    def test_damaged_file_is_a_miss_with_the_same_keys(self, tmp_path: Path) -> None:
        """Whatever lies in the cache file's place, the answer is right and a reason is given."""
        folder, cold = self.start(tmp_path)
        whole = Path(cold["path"]).read_bytes()
        for damage in (b"", b"[]", b"null", b"5", b"\xff", b"[" * 10_000, whole[:-9], b"{}"):
            Path(cold["path"]).write_bytes(damage)

            answer = self.run(folder)

            assert answer["status"] == "miss"
            assert answer["reason"] is not None
            assert cold["keys"] == answer["keys"]
            assert self.run(folder)["status"] == "hit"

    def test_switches_are_obeyed(self, tmp_path: Path) -> None:
        """``REGCACHE_DISABLE`` and ``REGCACHE_REFRESH`` build anew and give the same keys."""
        folder, cold = self.start(tmp_path)

        disabled = self.run(folder, REGCACHE_DISABLE="1")
        refreshed = self.run(folder, REGCACHE_REFRESH="1")

        assert (cold["keys"], "disabled") == (disabled["keys"], disabled["status"])
        assert (cold["keys"], "REFRESH_REQUESTED") == (refreshed["keys"], refreshed["reason"])

    def test_works_where_nothing_can_be_written(self, tmp_path: Path) -> None:
        """A file in the cache folder's place means no cache, not an error."""
        folder, cold = self.start(tmp_path)
        blocked = tmp_path / "blocked"
        blocked.write_text("no folder")

        answer = self.run(folder, REGCACHE_DIR=str(blocked))

        assert cold["keys"] == answer["keys"]
        assert answer["status"] == "miss"

    def test_two_copies_do_not_share(self, tmp_path: Path) -> None:
        """A copy of the sources elsewhere has a cache file of its own."""
        folder, cold = self.start(tmp_path)
        copy = tmp_path / "copy"
        copy.mkdir()
        self.write_sources(copy)

        answer = self.run(copy)

        assert answer["status"] == "miss"
        assert cold["path"] != answer["path"]
        assert self.run(folder)["status"] == "hit"

    def _check_rebuilt(self, folder: Path, cold: dict[str, Any], count: int) -> None:
        seen = self.run(folder)
        truth = self.run(folder, REGCACHE_DISABLE="1")

        assert seen["status"] == "miss"
        assert seen["where"]
        assert truth["keys"] == seen["keys"] != cold["keys"]
        assert count == len(seen["keys"])
        assert self.run(folder)["status"] == "hit"


_ASK = """
import os, sys, time
{code}

def is_missing(key):
    try:
        registry_load(key)
    except LookupError:
        return True
    return False

def write(path, text):
    time.sleep(0.02)  # after the clock tick of what was there before
    with open(path, "w") as file:
        file.write(text)

def list_elsewhere():
    import subprocess
    subprocess.run([sys.executable, "-W", "ignore", "-c", {elsewhere!r}], check=True)

def together(count, work):
    import faulthandler, threading
    faulthandler.dump_traceback_later(60, exit=True)  # ends a deadlock
    results, barrier = [None] * count, threading.Barrier(count)
    def run(i):
        barrier.wait()
        results[i] = work(i)
    threads = [threading.Thread(target=run, args=[i]) for i in range(count)]
    for each in threads: each.start()
    for each in threads: each.join()
    return results

{task}
import json
print(json.dumps(out))
"""
#: Code of an item's module that counts how often it is executed, and takes its time.
_COUNT = "import sys, time\nsys.counted = getattr(sys, 'counted', 0) + 1\ntime.sleep(0.05)"
#: Code that counts in ``reads`` how often cache files are opened.
_READS = """
reads = []
sys.addaudithook(lambda event, args: event == "open" and str(args[0]).endswith(".json")
                 and reads.append(args[0]))
"""
#: What makes a running registry look at its sources again.
_LOOKS = (
    "registry_refresh()",
    "is_missing('nothing')",
    "list_elsewhere()\nis_missing('nothing')",
)


class DiscoveryTests(RegistryCacheTests):
    """What every registry does whose items are found by importing the modules of a package.

    A sub-class also says how a module with one item is written, and its ``code`` defines as well
    ``registry_load(key)``, ``registry_refresh()``, ``registry_verify()`` and
    ``registry_failures()``, which gives the names of the modules that failed. Keys are text, and a
    missing one is a ``LookupError``.
    """

    def write_item(self, folder: Path, name: str, before: str = "") -> None:
        """Write a module with one item.

        Args:
            folder: The folder of sources.
            name: The item's key, and the name of its module.
            before: Code that the module begins with.
        """
        raise AssertionError("the sub-class says how")

    def ask(self, folder: Path, task: str, **environment: str) -> Any:
        """Run code in a fresh process; gives what it leaves in ``out``, through JSON.

        The code may use what ``code`` defines, and modules of items may, by ``import __main__``.
        Also there are ``is_missing(key)``, ``write(path, text)``, ``list_elsewhere()``, which lists
        in another process, and ``together(count, work)``, which runs threads.
        """
        base = {name: value for name, value in os.environ.items() if "REGCACHE" not in name}
        base |= {"REGCACHE_DIR": str(folder.parent / "cache"), "PYTHONPATH": str(folder)}
        elsewhere = f"import sys\n{self.code}\nlen(registry_keys())"
        program = _ASK.format(code=self.code, task=task, elsewhere=elsewhere)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            env=base | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _listed(self, folder: Path, **environment: str) -> tuple[list[str], str]:
        task = "out = list(registry_keys()), registry_report().status"
        keys, status = self.ask(folder, task, **environment)
        return keys, status

    def _made(self, folder: Path, name: str, before: str = "") -> tuple[str, str]:
        """Path and text of a module with one item that is still to be written."""
        self.write_item(folder, name, before)
        (place,) = folder.rglob(f"{name}.py")
        text = place.read_text()
        place.unlink()
        return str(place), text

    def _name_of(self, folder: Path, path: str) -> str:
        """The name of a module."""
        return ".".join(Path(path).relative_to(folder).with_suffix("").parts)

    def test_item_is_loaded_from_its_module_alone(self, tmp_path: Path) -> None:
        """A warm process imports the module of the item that is asked for, and no other plugin."""
        folder, _ = self.start(tmp_path)
        self.write_item(folder, "alone")
        self._listed(folder)
        task = "registry_load('alone'); out = registry_report().status, sorted(sys.modules)"

        status, modules = self.ask(folder, task)

        assert status == "hit"
        self._check_alone("alone", modules)

    def _check_alone(self, item: str, modules: list[str]) -> None:
        """Of all modules of items only that of one was imported."""
        assert [name for name in modules if name.endswith(f".{item}")]
        assert not [name for name in {*self.sources} & {*modules} if name.count(".") > 1]

    def test_package_in_an_archive_is_listed(self, tmp_path: Path) -> None:
        """A zip archive on ``sys.path`` is a source like others, and another one is a miss."""
        folder, cold = self.start(tmp_path)
        packed = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
        self.add_source(folder)
        more = shutil.make_archive(str(tmp_path / "more"), "zip", folder)
        shutil.rmtree(folder)
        folder.mkdir()

        answers = [self._listed(folder, PYTHONPATH=packed) for _ in range(2)]
        shutil.copy(more, packed)
        after, status = self._listed(folder, PYTHONPATH=packed)

        assert [len(cold["keys"])] * 2 == [len(keys) for keys, _ in answers]
        assert [status for _, status in answers] == ["miss", "hit"]
        assert (len(cold["keys"]) + 1, "miss") == (len(after), status)

    def test_other_files_are_no_input(self, tmp_path: Path) -> None:
        """A module that no item imports, and a file that is no module, change nothing."""
        folder, _ = self.start(tmp_path)
        path, _ = self._made(folder, "item")
        (folder / "unrelated.py").write_text("")
        Path(path).with_suffix(".txt").write_text("")

        assert self._listed(folder)[1] == "hit"

    def test_broken_module_costs_only_itself(self, tmp_path: Path) -> None:
        """Items of one that fails are not listed; the failure is stored, and named unimported."""
        folder, cold = self.start(tmp_path)
        path, text = self._made(folder, "broken", "open('ran', 'a').write('x')")
        Path(path).write_text(f"{text}\n1 / 0\n")
        task = "out = len(registry_keys()), [*registry_failures()], registry_report().status"

        first, second = self.ask(folder, task), self.ask(folder, task)

        assert [len(cold["keys"]), len(first[1]), "miss"] == [first[0], 1, first[2]]
        assert first[1][0].endswith(".broken")
        assert [*first[:2], "hit"] == second
        assert (folder / "ran").read_text() == "x"

    def test_module_that_is_mended_is_listed(self, tmp_path: Path) -> None:
        """A failure is an answer of its own source: an edit makes it outdated."""
        folder, _ = self.start(tmp_path)
        self.write_item(folder, "broken", "1 / 0")
        before, _ = self._listed(folder)
        self.write_item(folder, "broken")

        after, status = self._listed(folder)

        assert ("miss", {*before, "broken"}) == (status, {*after})

    def test_module_that_lacks_another_is_listed_when_that_appears(self, tmp_path: Path) -> None:
        """A missing dependency counts anew as soon as it can be found."""
        folder, _ = self.start(tmp_path)
        self.write_item(folder, "needy", "import optional_dependency")
        before, _ = self._listed(folder)
        assert (before, "hit") == self._listed(folder)
        (folder / "optional_dependency.py").write_text("")

        after, status = self._listed(folder)

        assert ("miss", {*before, "needy"}) == (status, {*after})

    def test_dependency_outside_of_the_package_is_watched(self, tmp_path: Path) -> None:
        """An item may be another one because a module that its own imports was edited."""
        folder, _ = self.start(tmp_path)
        (folder / "helper.py").write_text("x = 1\n")
        self.write_item(folder, "helped", "import helper")
        self._listed(folder)
        (folder / "helper.py").write_text("x = 22\n")

        assert self._listed(folder)[1] == "miss"

    def test_failure_of_the_moment_is_not_stored(self, tmp_path: Path) -> None:
        """A disk that failed once makes no item vanish from later starts."""
        folder, _ = self.start(tmp_path)
        trouble = "import os\nif 'TROUBLE' in os.environ: raise OSError(5, 'disk')"
        self.write_item(folder, "unlucky", trouble)

        without, _ = self._listed(folder, TROUBLE="1")
        again, status = self._listed(folder)

        assert ("miss", {*without, "unlucky"}) == (status, {*again})

    def test_answer_of_an_outdated_process_is_not_saved(self, tmp_path: Path) -> None:
        """What was imported before its source was edited or removed is no answer for others."""
        folder, _ = self.start(tmp_path)
        path, old = self._made(folder, "old")
        _, new = self._made(folder, "new")
        for change in (f"write({path!r}, {new!r})", f"time.sleep(0.02); os.unlink({path!r})"):
            Path(path).write_text(old)
            task = f"import {self._name_of(folder, path)}\n{change}\nregistry_keys()\n"

            told = self.ask(folder, f"{task}out = registry_report().saved.reason.name")

            assert told == "EDITED_SINCE_IMPORT"
            truth, _ = self._listed(folder, REGCACHE_DISABLE="1")
            assert truth == self._listed(folder)[0]

    def test_edit_during_discovery_is_not_saved(self, tmp_path: Path) -> None:
        """A source that changes between the start of a discovery and its end spoils the answer."""
        folder, _ = self.start(tmp_path)
        path, old = self._made(folder, "old")
        _, new = self._made(folder, "new")
        Path(path).write_text(old)
        self.write_item(folder, "zz", f"open({path!r}, 'w').write({new!r})")

        task = "out = [*registry_keys()], registry_report().saved.reason.name"
        keys, reason = self.ask(folder, task)

        assert ("old" in keys, reason) == (True, "SOURCE_CHANGED")
        assert "new" in self._listed(folder)[0]

    def test_key_that_appears_while_the_process_runs_is_found(self, tmp_path: Path) -> None:
        """A missing key makes the registry look again; the item is loaded at once."""
        folder, _ = self.start(tmp_path)
        late = self._made(folder, "late")
        task = f"before = [*registry_keys()]\nwrite(*{late!r})\nregistry_load('late')\n"

        before, after = self.ask(folder, f"{task}out = before, [*registry_keys()]")

        assert {*before, "late"} == {*after} != {*before}

    def test_answer_of_another_process_is_taken_over(self, tmp_path: Path) -> None:
        """What another process has found is read from its file; no other plugin is imported."""
        folder, _ = self.start(tmp_path)
        late = self._made(folder, "late")
        task = f"registry_keys()\nwrite(*{late!r})\nlist_elsewhere()\nregistry_load('late')\n"

        status, modules = self.ask(
            folder, f"{task}out = registry_report().status, sorted(sys.modules)"
        )

        assert status == "hit"
        self._check_alone("late", modules)

    def test_refresh_finds_what_was_added(self, tmp_path: Path) -> None:
        """A refresh discovers whatever the file says, and writes it anew."""
        folder, _ = self.start(tmp_path)
        late = self._made(folder, "late")
        task = (
            f"before = 'late' in registry_keys()\nwrite(*{late!r})\nregistry_refresh()\n"
            "report = registry_report()\n"
            "out = before, 'late' in registry_keys(), report.reason.name, report.saved.status"
        )

        assert self.ask(folder, task) == [False, True, "REFRESH_REQUESTED", "saved"]
        keys, status = self._listed(folder)
        assert (status, "late" in keys) == ("hit", True)

    def test_refresh_tries_modules_that_failed_again(self, tmp_path: Path) -> None:
        """A module that fails is named after a refresh, and listed after one once it is mended."""
        folder, _ = self.start(tmp_path)
        path, broken = self._made(folder, "late", "1 / 0")
        late = self._made(folder, "late")
        task = (
            f"registry_keys()\nwrite({path!r}, {broken!r})\nregistry_refresh()\n"
            f"failed = [*registry_failures()]\nwrite(*{late!r})\nregistry_refresh()\n"
            "out = failed, [*registry_failures()], 'late' in registry_keys()"
        )

        assert [[self._name_of(folder, path)], [], True] == self.ask(folder, task)

    def test_item_whose_module_is_gone_goes_with_the_next_look(self, tmp_path: Path) -> None:
        """A refresh, and a lookup of any missing key, find out what was removed, loaded or not."""
        folder, _ = self.start(tmp_path)
        path, text = self._made(folder, "late")
        for look in _LOOKS:
            for load in ("", "registry_load('late')"):
                Path(path).write_text(text)
                self._listed(folder)
                task = f"registry_keys()\n{load}\nos.unlink({path!r})\n{look}\n"

                seen = self.ask(
                    folder, f"{task}out = 'late' in registry_keys(), is_missing('late')"
                )

                assert seen == [False, True]

    def test_item_whose_module_moved_is_loaded_from_there(self, tmp_path: Path) -> None:
        """An item keeps its key in another module, and is loaded anew from that."""
        folder, _ = self.start(tmp_path)
        path, text = self._made(folder, "late")
        moved, _ = self._made(folder, "moved")
        for look in _LOOKS:
            Path(path).write_text(text)
            self._listed(folder)
            task = (
                f"registry_load('late')\nos.rename({path!r}, {moved!r})\n{look}\n"
                f"registry_load('late')\nout = {self._name_of(folder, moved)!r} in sys.modules"
            )

            assert self.ask(folder, task)
            os.unlink(moved)

    def test_module_younger_than_the_listing_of_its_folder_is_found(self, tmp_path: Path) -> None:
        """A file that came within the same tick as Python's listing of its folder is imported."""
        folder, _ = self.start(tmp_path)
        path, text = self._made(folder, "late")
        parent = str(Path(path).parent)
        for between in ("", "list_elsewhere()"):
            self._listed(folder)
            task = (
                f"registry_load([*registry_keys()][0])\nlisted = os.stat({parent!r}).st_mtime_ns\n"
                f"write({path!r}, {text!r})\n{between}\n"
                f"os.utime({parent!r}, ns=(listed, listed))\nout = is_missing('late')"
            )

            assert not self.ask(folder, task)
            os.unlink(path)

    def test_imported_module_that_was_edited_stays_as_it_is(self, tmp_path: Path) -> None:
        """What was imported keeps its keys; the edited file counts in the next process."""
        folder, _ = self.start(tmp_path)
        path, old = self._made(folder, "old")
        _, new = self._made(folder, "new")
        Path(path).write_text(old)
        self._listed(folder)
        task = (
            f"item = registry_load('old')\nwrite({path!r}, {new!r})\n"
            "out = is_missing('new'), registry_load('old') is item, 'old' in registry_keys()"
        )

        assert self.ask(folder, task) == [True, True, True]
        keys, status = self._listed(folder)
        assert (status, "new" in keys, "old" in keys) == ("miss", True, False)

    def test_lookups_in_vain_read_the_file_once_more(self, tmp_path: Path) -> None:
        """A program that asks for missing keys all the time does not look each time."""
        folder, _ = self.start(tmp_path)
        task = (
            f"{_READS}registry_keys(); opened = len(reads)\n"
            "missing = all([is_missing(str(i)) for i in range(1000)])\n"
            "out = registry_report().status, missing, opened, len(reads)\n"
        )

        assert self.ask(folder, task) == ["hit", True, 1, 2]

    def test_refresh_lets_the_next_lookup_look(self, tmp_path: Path) -> None:
        """A key that was looked for in vain before a refresh is looked for at once after it."""
        folder, _ = self.start(tmp_path)
        late = self._made(folder, "late")
        task = (
            f"registry_keys()\nbefore = is_missing('late')\nregistry_refresh()\nwrite(*{late!r})\n"
        )

        assert self.ask(folder, f"{task}out = before, is_missing('late')") == [True, False]

    def test_lookup_in_vain_during_an_import_does_not_look(self, tmp_path: Path) -> None:
        """A module that looks a missing key up when it is imported is told so at once."""
        folder, _ = self.start(tmp_path)
        asks = "import sys, __main__\nsys.told = __main__.is_missing('nothing')"
        path, text = self._made(folder, "asking", asks)
        load = "registry_load('asking')\nout = sys.told, len(reads) - before, sorted(sys.modules)"
        task = f"{_READS}registry_load([*registry_keys()][0]); before = len(reads)\n"

        told, _, _ = self.ask(folder, f"{task}write({path!r}, {text!r})\n{load}")
        self._listed(folder)
        task = f"{_READS}registry_keys(); before = len(reads)\n"
        warm = self.ask(folder, f"{task}{load}")

        assert [told, True, 0] == [True, *warm[:2]]
        self._check_alone("asking", warm[2])

    def test_eight_threads_discover_once(self, tmp_path: Path) -> None:
        """All get the whole answer and the same items, and each module is imported once."""
        folder, _ = self.start(tmp_path)
        self.write_item(folder, "slow", _COUNT)
        task = (
            "def work(i):\n"
            "    return [(key, id(registry_load(key))) for key in registry_keys()]\n"
            "found = together(8, work)\n"
            "same = all(each == found[0] for each in found)\n"
            "whole = len(found[0]) == len(registry_keys())\n"
            "out = same, whole, sys.counted, registry_report().status"
        )

        assert self.ask(folder, task) == [True, True, 1, "miss"]
        assert self.ask(folder, task) == [True, True, 1, "hit"]

    def test_eight_threads_look_once_for_a_missing_key(self, tmp_path: Path) -> None:
        """One of them finds it, none waits in vain, and the new module is imported once."""
        folder, _ = self.start(tmp_path)
        late = self._made(folder, "late", _COUNT)
        task = (
            f"registry_keys()\nwrite(*{late!r})\n"
            "missing = together(8, lambda i: is_missing('late'))\n"
            "out = all(missing), is_missing('late'), sys.counted"
        )

        assert self.ask(folder, task) == [False, False, 1]

    def test_no_lock_is_held_while_a_module_is_imported(self, tmp_path: Path) -> None:
        """While an import takes its time, another thread imports an item, asks and lists."""
        folder, _ = self.start(tmp_path)
        waits = (
            "import sys\n"
            "if hasattr(sys, 'importing'): sys.importing.set(); assert sys.done.wait(30)"
        )
        slow = self._made(folder, "slow", waits)
        path, text = self._made(folder, "zz")
        Path(path).write_text(text)
        task = f"""
import threading
sys.importing, sys.done = threading.Event(), threading.Event()
def work(i):
    if i == 0:
        return is_missing("slow")
    sys.importing.wait(30)
    try:
        import {self._name_of(folder, path)}
        known = registry_report() and is_missing("nothing") and len(registry_keys())
        return known or "not known yet"
    finally:
        sys.done.set()
found = together(2, work)
out = *found, len(registry_keys())
"""

        discovers = self.ask(folder, f"write(*{slow!r})\n{task}")
        loads = self.ask(folder, task)
        os.unlink(slow[0])
        self._listed(folder)
        looks = self.ask(folder, f"registry_keys()\nwrite(*{slow!r})\n{task}")

        count = discovers[-1]
        assert discovers == [False, "not known yet", count]
        assert loads == [False, count, count]
        assert looks == [False, count - 1, count]

    def test_discovery_and_modules_that_list_at_import_do_not_wait(self, tmp_path: Path) -> None:
        """One thread discovers, another imports a module that lists: both end, all is listed."""
        folder, _ = self.start(tmp_path)
        self.write_item(folder, "aa", "import sys\nsys.discovers.set()")
        waits = "import sys, time, __main__\nsys.started.set(); sys.discovers.wait(30)"
        lists = "time.sleep(0.05)\nSEEN = [*__main__.registry_keys()]"
        path, text = self._made(folder, "slow", f"{waits}\n{lists}")
        Path(path).write_text(text)
        task = f"""
import threading
sys.started, sys.discovers = threading.Event(), threading.Event()
def work(i):
    if i == 0:
        import {self._name_of(folder, path)}
    else:
        sys.started.wait(30)
    return len(registry_keys())
found = together(2, work)
out = {{len(registry_keys())}} == {{*found}}, is_missing("aa"), is_missing("slow")
"""

        assert self.ask(folder, task) == [True, False, False]

    def test_items_that_ask_for_each_other_are_loaded_by_two_threads(self, tmp_path: Path) -> None:
        """Modules that look each other's key up at import do not wait for each other."""
        folder, _ = self.start(tmp_path)
        for name, other in (("one", "two"), ("two", "one")):
            asks = f"import __main__\nSEEN = {other!r} in [*__main__.registry_keys()]"
            self.write_item(folder, name, asks)
        self._listed(folder)
        task = (
            "out = together(2, lambda i: is_missing(['one', 'two'][i])), registry_report().status"
        )

        assert self.ask(folder, task) == [[False, False], "hit"]

    def test_verify_compares_with_a_fresh_process(self, tmp_path: Path) -> None:
        """Equal answers have no difference, nothing is touched, and what is otherwise is told."""
        folder, cold = self.start(tmp_path)
        self.write_item(folder, "broken", "1 / 0")
        odd = "import os\nif 'REGCACHE_DISABLE' in os.environ: print('noise')\n"
        self.write_item(folder, "odd", f"{odd}if 'FAIL' in os.environ: 1 / 0")
        self._listed(folder)
        before = Path(cold["path"]).read_bytes()
        task = (
            "first = registry_verify()\nreport = registry_report()\nos.environ['FAIL'] = '1'\n"
            "second = registry_verify()\n"
            "out = first.status, first.is_fresh, report, second.status, len(second.differences) > 0"
        )

        assert self.ask(folder, task) == ["hit", True, None, "hit", True]
        assert before == Path(cold["path"]).read_bytes()

    def test_verify_of_an_outdated_file_is_a_miss(self, tmp_path: Path) -> None:
        """An answer that would not be believed is compared with nothing."""
        folder, _ = self.start(tmp_path)
        self.add_source(folder)
        task = "seen = registry_verify()\nout = seen.status, len(seen.differences)"

        assert self.ask(folder, task) == ["miss", 0]

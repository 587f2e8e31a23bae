"""The guarantees of a cached registry as a test suite: sub-class ``RegistryCacheTests``.

``DiscoveryTests`` has more of them, for registries whose items are found by importing modules.

For the tests of any registry that is built on regcache: the sub-class says how to write, change
and list a small example; the suite runs it through fresh processes, cold and warm.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
import sys
{code}
{task}
import json
print(json.dumps(out))
"""


class DiscoveryTests(RegistryCacheTests):
    """What every registry does whose items are found by importing the modules of a package.

    A sub-class also says how a module with one item is written, and its ``code`` defines as well
    ``registry_load(key)``, ``registry_refresh()`` and ``registry_failures()``, which gives the
    names of the modules that failed. Keys are text.
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
        """Run code in a fresh process; gives what it leaves in ``out``, through JSON."""
        base = {name: value for name, value in os.environ.items() if "REGCACHE" not in name}
        base |= {"REGCACHE_DIR": str(folder.parent / "cache"), "PYTHONPATH": str(folder)}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _ASK.format(code=self.code, task=task)],
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

    def test_item_is_loaded_from_its_module_alone(self, tmp_path: Path) -> None:
        """A warm process imports the module of the item that is asked for, and no other plugin."""
        folder, _ = self.start(tmp_path)
        self.write_item(folder, "alone")
        self._listed(folder)
        task = "registry_load('alone'); out = registry_report().status, sorted(sys.modules)"

        status, modules = self.ask(folder, task)

        loaded = {*self.sources} & {*modules}
        assert status == "hit"
        assert [name for name in modules if name.endswith(".alone")]
        assert not [name for name in loaded if name.count(".") > 1]

    def test_broken_module_costs_only_itself(self, tmp_path: Path) -> None:
        """One that fails is not listed; the failure is stored, and named without an import."""
        folder, cold = self.start(tmp_path)
        self.write_item(folder, "broken", "1 / 0")
        task = "out = len(registry_keys()), [*registry_failures()], registry_report().status"

        first, second = self.ask(folder, task), self.ask(folder, task)

        assert [len(cold["keys"]), len(first[1]), "miss"] == [first[0], 1, first[2]]
        assert first[1][0].endswith(".broken")
        assert [*first[:2], "hit"] == second

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

    def test_key_that_appears_while_the_process_runs_is_found(self, tmp_path: Path) -> None:
        """A missing key makes the registry look again; the item is loaded at once."""
        folder, _ = self.start(tmp_path)

        assert self._add_late(folder, "registry_load('late')") == [False, True]

    def test_refresh_finds_what_was_added(self, tmp_path: Path) -> None:
        """A refresh discovers whatever the file says, and writes it anew."""
        folder, _ = self.start(tmp_path)

        assert self._add_late(folder, "registry_refresh()") == [False, True]
        keys, status = self._listed(folder)
        assert (status, "late" in keys) == ("hit", True)

    def _add_late(self, folder: Path, use: str) -> Any:
        """Add the item ``late`` while a process runs; gives whether it is listed before and after.

        Args:
            folder: The folder of sources.
            use: Code that the process runs between the addition and the second look.
        """
        self.write_item(folder, "late")
        (place,) = folder.rglob("late.py")
        text = place.read_text()
        place.unlink()
        self._listed(folder)
        task = (
            "before = 'late' in registry_keys()\n"
            f"open({str(place)!r}, 'w').write({text!r})\n"
            f"{use}\n"
            "out = before, 'late' in registry_keys()"
        )
        return self.ask(folder, task)

    def test_eight_threads_discover_once(self, tmp_path: Path) -> None:
        """All get the whole answer, and each module is imported once."""
        folder, _ = self.start(tmp_path)
        count = "import sys, time\nsys.counted = getattr(sys, 'counted', 0) + 1\ntime.sleep(0.05)"
        self.write_item(folder, "slow", count)
        task = (
            "import threading\n"
            "found = []\n"
            "def ask(): found.append(list(registry_keys()))\n"
            "threads = [threading.Thread(target=ask) for _ in range(8)]\n"
            "for each in threads: each.start()\n"
            "for each in threads: each.join()\n"
            "out = len(found), all(each == found[0] for each in found), sys.counted"
        )

        assert self.ask(folder, task) == [8, True, 1]

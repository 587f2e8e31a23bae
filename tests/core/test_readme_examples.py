"""The examples in core's README: each is a program that misses once and hits from then on."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from regcache_core.testing import RegistryCacheTests

README = Path(__file__).parents[2] / "packages" / "regcache-core" / "README.md"
WARM, COLD = ["#f80", "#fc0"], ["#08f"]
SECTIONS = ["Data files", "Overrides by the user", "An expensive build, shared by processes"]


@pytest.fixture
def start(tmp_path):
    """Writes the example of a section and its data, and starts it in processes of its own."""
    folder = tmp_path / "example"
    (folder / "palettes" / "drafts").mkdir(parents=True)
    (folder / "palettes" / "warm.json").write_text(json.dumps(WARM))
    (folder / "palettes" / "cold.json").write_text(json.dumps(COLD))
    (folder / "palettes.json").write_text(json.dumps({"warm": WARM, "cold": COLD}))

    def start(section, **environment):
        text = README.read_text().partition(f"## {section}\n")[2]
        program, code = folder / "paint.py", re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
        if not program.exists():  # what is written while it runs counts as edited
            program.write_text(code)
            time.sleep(0.05)
        return subprocess.Popen(
            [sys.executable, "paint.py"],
            env={**os.environ, **environment},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    start.folder = folder
    return start


def ended(process):
    """What a process printed: its answer, the status of its report, and lines of progress."""
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    answer, report = out.splitlines()
    return answer, report.partition(":")[0], errors.splitlines()


def test_every_example_is_run():
    """The README has the examples that are tested here, each with a heading, and no others."""
    sections = README.read_text().split("\n## ")
    counts = {each.partition("\n")[0]: each.count("```python") for each in sections}

    assert dict.fromkeys(SECTIONS, 1) == {name: n for name, n in counts.items() if n}


@pytest.mark.parametrize("section", SECTIONS)
def test_example_misses_and_then_hits(section, start):
    """The second process answers from the file, with what the first has built."""
    (first, *cold), (second, *warm) = (ended(start(section)) for _ in range(2))

    assert "miss" == cold[0]
    assert ["hit", []] == warm
    assert first == second


def test_data_files_are_watched_but_for_drafts(start):
    """An edit is a miss with the new colours; a draft that appears is none."""
    before = ended(start(SECTIONS[0]))
    (start.folder / "palettes" / "drafts" / "new.json").write_text("not finished")
    draft = ended(start(SECTIONS[0]))
    (start.folder / "palettes" / "warm.json").write_text('["#ff0"]')
    edited = ended(start(SECTIONS[0]))

    assert (f"{tuple(WARM)}", "miss", []) == before
    assert (f"{tuple(WARM)}", "hit", []) == draft
    assert ("('#ff0',)", "miss", []) == edited


def test_file_of_the_user_wins_and_is_watched(start):
    """Setting the variable, editing the named file and unsetting the variable are misses."""
    mine = start.folder.parent / "mine.json"
    mine.write_text('{"warm": ["#f00"]}')
    section, variable = SECTIONS[1], {"PAINT_PALETTES": str(mine)}

    seen = [ended(start(section))[:2]]
    seen += [ended(start(section, **variable))[:2] for _ in range(2)]
    mine.write_text('{"warm": ["#e00"]}')
    seen += [ended(start(section, **variable))[:2], ended(start(section))[:2]]

    assert [
        (f"{WARM}", "miss"),
        ("['#f00']", "miss"),
        ("['#f00']", "hit"),
        ("['#e00']", "miss"),
        (f"{WARM}", "miss"),
    ] == seen


def test_processes_that_start_at_once_build_once(start):
    """One of three builds and tells how far it is; the others wait, tell nothing, and hit."""
    seen = [ended(process) for process in [start(SECTIONS[2]) for _ in range(3)]]

    assert ["hit", "hit", "miss"] == sorted(status for _, status, _ in seen)
    assert 1 == len({answer for answer, _, _ in seen})
    assert [[], [], ["0 of 4: crimson", "1 of 4: scarlet"]] == sorted(
        lines[:2] for _, _, lines in seen
    )


class TestRegistryOfTheReadme(RegistryCacheTests):
    """The first example has the guarantees of a registry; its items need attrs, warm too."""

    heavy = ("platformdirs", "logging")
    code = """
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    import paint
def registry_keys(): return list(paint.palettes)
def registry_report(): return paint.report
"""

    def write_sources(self, folder):
        """Two palettes, and the program but for what it shows."""
        (folder / "palettes").mkdir()
        (folder / "palettes" / "warm.json").write_text(json.dumps(WARM))
        (folder / "palettes" / "cold.json").write_text(json.dumps(COLD))
        text = README.read_text().partition(f"## {SECTIONS[0]}\n")[2]
        program = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
        (folder / "paint.py").write_text(f"{program}\nreport = manager.last_report\n")

    def add_source(self, folder):
        """A third palette."""
        (folder / "palettes" / "gray.json").write_text(json.dumps(["#777"]))

    def edit_source(self, folder):
        """A palette by another name."""
        (folder / "palettes" / "cold.json").rename(folder / "palettes" / "icy.json")

    def remove_source(self, folder):
        """One palette less."""
        (folder / "palettes" / "cold.json").unlink()

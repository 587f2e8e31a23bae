"""The rooms of the packages: what is private, what is cold, where arrows point; no circles."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from rooms import Edge, circles, edges, sources

TEXTS = {name: path.read_text(encoding="utf-8") for name, path in sources().items()}
ADAPTERS = ("regcache_meta", "regcache_functions")


def is_private(module: str) -> bool:
    """Whether a part of a module's name says that it is no user's business."""
    return any(part[0] == "_" and part != "__about__" for part in module.split("."))


def is_cold(module: str) -> bool:
    """Whether a module lies where no start that hits comes."""
    return "._cold" in module


def is_discovery(module: str) -> bool:
    """Whether a module of core is about items that are found by importing modules."""
    return f"{module}.".startswith("regcache_core.discovery.")


def private_imports(found: list[Edge]) -> list[Edge]:
    """Imports of what another distribution keeps to itself."""
    return [it for it in found if top(it.source) != top(it.named) and is_private(it.named)]


def top(module: str) -> str:
    """The distribution that a module belongs to."""
    return module.partition(".")[0]


def early_cold_imports(found: list[Edge]) -> list[Edge]:
    """Imports of cold modules at the top of others."""
    return [
        each
        for each in found
        if is_cold(each.target) and not is_cold(each.source) and not each.is_late
    ]


def upward_imports(found: list[Edge]) -> list[Edge]:
    """Imports of adapters by core, of each other, and of discovery by what is below it."""
    return [
        each
        for each in found
        if (top(each.target) in ADAPTERS and top(each.target) != top(each.source))
        or (
            (is_discovery(each.target) and not is_discovery(each.source))
            and top(each.source) == "regcache_core"
            and each.source != "regcache_core.testing"
        )
    ]


RULES: dict[str, Callable[[list[Edge]], list[object]]] = {
    "adapters use public names of core": lambda found: [*private_imports(found)],
    "what is cold is imported inside functions": lambda found: [*early_cold_imports(found)],
    "arrows point down": lambda found: [*upward_imports(found)],
    "no circles, imports inside functions included": lambda found: [*circles(found)],
}


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_kept(rule: str) -> None:
    """The packages as they are keep all rules."""
    assert [] == RULES[rule](edges(TEXTS))


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("regcache_meta.config", "from regcache_core._file import fingerprint", "adapters"),
        ("regcache_meta._cold.discovery", "import regcache_core._cold.stamps", "adapters"),
        ("regcache_core._file", "from ._cold.stamps import stamp_trees", "what is cold"),
        ("regcache_meta.lazydict", "from ._cold import discovery", "what is cold"),
        (
            "regcache_functions.caching",
            "if True:\n    from ._cold.scan import scan",
            "what is cold",
        ),
        ("regcache_core._manager", "def f():\n    import regcache_meta.classes", "arrows"),
        ("regcache_meta.errors", "import regcache_functions.__about__", "arrows"),
        ("regcache_core._keys", "def f(): from .discovery.listing import ImportPath", "arrows"),
        ("regcache_core._file", "def f(): from ._manager import CacheConfig", "no circles"),
        ("regcache_meta.config", "from .registration import AutoRegister", "no circles"),
    ],
)
def test_offending_import_breaks_its_rule(module: str, line: str, rule: str) -> None:
    """One import too many, at the top or inside a function, is found."""
    texts = {**TEXTS, module: f"{TEXTS[module]}\n{line}\n"}

    (check,) = (it for name, it in RULES.items() if name.startswith(rule))

    assert check(edges(texts))


def test_click_is_imported_for_commands_alone() -> None:
    """Who has no command line needs no click: nothing else leads to what imports it."""
    imports = re.compile(r"^\s*(?:import|from) (?:click|typer)\b", re.MULTILINE)
    commands = {f"regcache_functions.{each}" for each in ("commands", "_cold.commands", "_typer")}

    assert commands == {name for name, text in TEXTS.items() if imports.search(text)}
    found = [it for it in edges(TEXTS) if it.target in commands and it.source not in commands]
    assert [] == found


def test_core_names_no_adapter() -> None:
    """Not even as text: what an adapter is made of is told to core as an argument."""
    core = {name: text for name, text in TEXTS.items() if top(name) == "regcache_core"}

    assert [] == [name for name, text in core.items() for it in ADAPTERS if it in text]

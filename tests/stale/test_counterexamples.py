"""Every difference that the state machine has found, as short as it could be made."""

from __future__ import annotations

import os

import pytest
from play import Stale, Step, replay
from processes import ForkServer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")

FOUND: dict[str, list[Step]] = {
    "a module that a plugin lacks appears after another plugin was found anew": [
        ("begin", {"clock": "fine", "entry_points": False}),
        (
            "add_plugin",
            {
                "kind": "pack",
                "stem": "delta",
                "style": "missing submodule",
                "place": "",
                "stealth": True,
            },
        ),
        ("turn_module_into_package", {"kind": "pack", "which": 5}),
        ("optional_appears", {"name": "opt_p", "place": "site"}),
    ],
    "a scanned library imports a module outside of it that is edited": [
        ("begin", {"clock": "fine"}),
        ("rewrite_plugin", {"kind": "lib", "which": 1, "style": "fact from util"}),
        ("edit_util", {"letter": "3", "times": "now"}),
    ],
    "a plugin that is not imported anew changes the helper of a new one": [
        ("begin", {"clock": "fine"}),
        ("rewrite_plugin", {"kind": "pack", "which": 0, "style": "changes the helper"}),
        ("rewrite_plugin", {"kind": "pack", "which": 1, "style": "lazy import"}),
    ],
    "a plugin does not change another one any more": [
        ("begin", {"clock": "fine"}),
        ("rewrite_plugin", {"kind": "readers", "which": 1, "style": "changes another plugin"}),
        ("rewrite_plugin", {"kind": "readers", "which": 1, "style": "plain"}),
    ],
    "a plugin does not change its package any more": [
        ("begin", {"clock": "fine"}),
        ("rewrite_plugin", {"kind": "readers", "which": 0, "style": "changes the package"}),
        ("rewrite_plugin", {"kind": "readers", "which": 1, "style": "fact from package"}),
        ("rewrite_plugin", {"kind": "readers", "which": 0, "style": "plain"}),
    ],
    "a duplicate key is told of in another order": [
        ("begin", {"clock": "fine"}),
        (
            "add_plugin",
            {
                "kind": "filters",
                "stem": "alpha",
                "style": "plain",
                "place": "sub",
                "stealth": False,
            },
        ),
    ],
    "a module of the package is None in one start": [
        ("begin", {"clock": "fine"}),
        ("rewrite_plugin", {"kind": "pack", "which": 1, "style": "plain"}),
        ("stand_in", {"kind": "pack", "name": "helper", "how": "nothing", "clear": True}),
    ],
    "a distribution that a plugin asks for joins the path in an archive, and leaves it": [
        ("begin", {"clock": "fine"}),
        ("rewrite_plugin", {"kind": "pack", "which": 1, "style": "version of distribution"}),
        ("install_egg", {"version": "2", "how": "archive"}),
        ("uninstall_egg", {}),
    ],
    "the file of a plugin lies where only the import of its package leads": [
        ("begin", {"clock": "fine"}),
        ("grow_path", {"kind": "pack", "how": "replace", "there": True}),
        ("add_beside", {"kind": "pack", "stem": "delta", "style": "plain", "top": "beside"}),
        ("time_passes", {}),
    ],
    "a plugin renames what others bring that do not register themselves": [
        ("begin", {"clock": "fine"}),
        ("rewrite_plugin", {"kind": "pack", "which": 1, "style": "renames all keys"}),
        ("time_passes", {}),
        ("time_passes", {}),  # every fourth start loads all
    ],
    "a distribution adds a plugin, and one is new in the package": [
        ("begin", {"clock": "fine", "entry_points": True}),
        ("no_start", {}),
        (
            "install_plugin",
            {
                "kind": "readers",
                "version": "2",
                "letter": "1",
                "names": "object",
                "editable": True,
            },
        ),
        (
            "add_plugin",
            {
                "kind": "readers",
                "stem": "omega",
                "style": "plain",
                "place": "",
                "stealth": True,
            },
        ),
    ],
}


@pytest.mark.parametrize("name", FOUND)
def test_difference_that_was_found_is_mended(name: str, server: ForkServer) -> None:
    """A start with the cache answers as one without it, and rebuilds nothing for nothing."""
    try:
        replay(server, FOUND[name])
    except Stale as failure:
        pytest.fail(str(failure))

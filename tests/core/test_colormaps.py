"""The sample user of core alone, a registry of colour maps, has the guarantees of a registry."""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from regcache_core.testing import RegistryCacheTests

APPS = Path(__file__).resolve().parents[1] / "apps"

MAPS = {
    "gray.json": {"name": "gray", "kind": "sequential", "stops": [[0, "#000000"], [1, "#ffffff"]]},
    "viridis.json": {
        "name": "viridis",
        "kind": "sequential",
        "stops": [[0, "#440154"], [0.5, "#21908d"], [1, "#fde725"]],
        "made": "2015-06-02T12:00:00+00:00",
    },
    "more/coolwarm.json": {
        "name": "coolwarm",
        "kind": "diverging",
        "stops": [[0, "#3b4cc0"], [0.5, "#dddddd"], [1, "#b40426"]],
    },
}


def write(folder, file, **changes):
    """Write one data file, changed as given."""
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(MAPS.get(file, MAPS["gray.json"]) | changes))


class TestColorMaps(RegistryCacheTests):
    """The guarantees of every registry, on a folder of data files."""

    sources = ("colormap_items", "json")
    code = f"""
sys.path.append({str(APPS)!r})
from colormaps import ColorMapRegistry
registry = ColorMapRegistry(".")

def registry_keys():
    return list(registry)

def registry_report():
    return registry.report
"""

    def write_sources(self, folder):
        """Three maps, one of them in a folder inside."""
        for file in MAPS:
            write(folder, file)

    def add_source(self, folder):
        """One more map."""
        write(folder, "more/hot.json", name="hot")

    def edit_source(self, folder):
        """A map gets another name."""
        write(folder, "gray.json", name="grey")

    def remove_source(self, folder):
        """A map goes."""
        (folder / "more/coolwarm.json").unlink()


@pytest.mark.parametrize("method", ["write_sources", "add_source", "edit_source", "remove_source"])
def test_suite_asks_for_what_a_subclass_leaves_out(method, tmp_path):
    """A sub-class that does not say how its sources are written fails, and does not pass."""
    with pytest.raises(AssertionError, match="the sub-class says how"):
        getattr(RegistryCacheTests(), method)(tmp_path)


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Opens the registry of a folder with the maps, as often as it is called."""
    monkeypatch.syspath_prepend(APPS)
    folder = tmp_path / "maps"
    folder.mkdir()
    TestColorMaps().write_sources(folder)
    yield lambda: sys.modules.get("colormaps", __import__("colormaps")).ColorMapRegistry(folder)
    for name in ("colormaps", "colormap_items"):
        sys.modules.pop(name, None)


def test_map_from_the_cache_equals_the_one_from_its_file(registry):
    """A map that was converted from the cache is the map that was read from the data file."""
    cold, warm = registry(), registry()

    maps = {name: cold[name] for name in cold}

    assert ["gray", "viridis", "coolwarm"] == list(maps)
    assert maps == {name: warm[name] for name in warm}
    assert ["miss", "hit"] == [cold.report.status, warm.report.status]


def test_parts_of_a_map_have_their_types(registry):
    """Nested classes, enum, tuple and time come back as what they were."""
    len(registry())
    viridis, coolwarm = registry()["viridis"], registry()["coolwarm"]

    from colormap_items import Color, Kind, Stop

    assert Stop(0.5, Color(0x21, 0x90, 0x8D)) == viridis.stops[1]
    assert isinstance(viridis.stops, tuple)
    assert datetime(2015, 6, 2, 12, tzinfo=timezone.utc) == viridis.made
    assert (Kind.DIVERGING, None) == (coolwarm.kind, coolwarm.made)


def test_map_from_the_cache_works(registry):
    """A map is converted once, and gives colours: those of its stops, and mixed ones between."""
    len(registry())
    warm = registry()
    gray = warm["gray"]
    assert gray is warm["gray"]

    from colormap_items import Color

    colors = [gray(position) for position in (-1, 0, 0.5, 1, 2)]
    assert [Color(v, v, v) for v in (0, 0, 128, 255, 255)] == colors


def test_registry_is_asked_without_making_maps(registry):
    """Length, membership and a missing name need no map."""
    len(registry())
    warm = registry()

    assert 3 == len(warm)
    assert "gray" in warm
    assert "mauve" not in warm
    with pytest.raises(KeyError):
        warm["mauve"]
    assert {} == warm._maps

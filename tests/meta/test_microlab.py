"""The sample application: its plugins do their work, and its registries list them from a cache."""

import importlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

pytest.importorskip("numpy")
pytest.importorskip("zmq")

APPS = Path(__file__).resolve().parents[1] / "apps"

# Modules sorted by name, then order of definition in the module.
EXPECTED = {
    "microscope handlers": ["imagexpress", "omero", "opera_phenix", "tiff_folder"],
    "storage backends": ["tar", "zip", "disk", "memory", "npy", "sqlite"],
    "ZMQ servers": ["echo", "execution", "progress"],
    "library registries": ["colorsys", "math", "numpy", "statistics"],
    "format registries": ["EDDU_CX5", "metaxpress"],
}

PROGRAM = """\
import json
import sys

from microlab.registries import REGISTRIES

keys = {name: list(registry) for name, registry in REGISTRIES.items()}
reports = {name: registry.report.status for name, registry in REGISTRIES.items()}
listed = sorted(name for name in sys.modules if name.partition(".")[0] == "microlab")

from microlab.exercise import exercise_all

results = exercise_all(sys.argv[1])
print(json.dumps({"keys": keys, "reports": reports, "listed": listed, "results": results}))
"""

LIGHT_MODULES = [
    "microlab",
    "microlab.formats",
    "microlab.formats.base",
    "microlab.libraries",
    "microlab.libraries.base",
    "microlab.microscopes",
    "microlab.microscopes.base",
    "microlab.registries",
    "microlab.servers",
    "microlab.servers.base",
    "microlab.storage",
    "microlab.storage.base",
]


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The registries of the application, with a cache folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGCACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.syspath_prepend(str(APPS))
        yield importlib.import_module("microlab.registries").REGISTRIES
    for name in [name for name in sys.modules if name.partition(".")[0] == "microlab"]:
        del sys.modules[name]


@pytest.fixture
def handlers(registries: dict[str, Any]) -> dict[str, Any]:
    """The microscope handlers."""
    handlers: dict[str, Any] = registries["microscope handlers"]
    return handlers


@pytest.fixture(params=EXPECTED["storage backends"])
def backend(
    request: pytest.FixtureRequest, registries: dict[str, Any], tmp_path: Path
) -> Iterator[Any]:
    """Each storage backend, open and empty."""
    backend = registries["storage backends"][request.param](str(tmp_path / "place"))
    yield backend
    backend.close()


@pytest.fixture(params=EXPECTED["ZMQ servers"])
def server(request: pytest.FixtureRequest, registries: dict[str, Any]) -> Iterator[Any]:
    """Each ZMQ server, listening."""
    with registries["ZMQ servers"][request.param]() as server:
        yield server


def run(*arguments: str, cache: Path) -> str:
    """Run a fresh interpreter that can import the application, and give what it printed."""
    path = [str(APPS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {
        **os.environ,
        "REGCACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def test_a_microscope_handler_brings_its_metadata_handler(handlers: dict[str, Any]) -> None:
    """The secondary registry has the metadata handler under the key of the microscope handler."""
    handler = handlers["imagexpress"]

    secondary = importlib.import_module("microlab.registries").METADATA_HANDLERS

    assert handler._metadata_handler_class is secondary["imagexpress"]


#: By handler, what its sample says: wells that are marked and a grid of rows by columns; the first
#: image of a document; metres that became micrometres; a pixel size that may be a fraction.
METADATA: dict[str, dict[str, Any]] = {
    "imagexpress": {
        "description": "dose response",
        "grid": (2, 2),
        "wells": ["A01", "A03", "B02"],
        "channels": ["DAPI", "FITC"],
    },
    "omero": {
        "name": "neurons",
        "acquired": datetime(2024, 3, 5, 10, 11, 12),
        "document": UUID("2b5f3bd0-6c3e-4c5c-9a52-0d7f4f0f7e11"),
        "size": (512, 256, 5, 2, 1),
        "pixel_size_um": 0.65,
        "channels": ["DAPI", "TRITC"],
    },
    "opera_phenix": {
        "plate": "plate-7",
        "started": datetime(2024, 3, 5, 10, 11, 12, tzinfo=timezone(timedelta(hours=1))),
        "shape": (16, 24),
        "pixel_size_um": 0.59799,
        "channels": {1: "HOECHST 33342", 2: "Alexa 488"},
        "images": ["r01c02f01p01-ch1sk1fk1fl1.tiff", "r01c02f01p01-ch2sk1fk1fl1.tiff"],
    },
    "tiff_folder": {
        "pixel_size_um": 0.65,
        "channels": ["DAPI", "GFP"],
        "wells": {"A01": "control", "B03": "treated"},
    },
}


@pytest.mark.parametrize("key", METADATA)
def test_a_handler_reads_its_metadata(key: str, handlers: dict[str, Any]) -> None:
    """Each handler gives the facts of its own sample."""
    handler = handlers[key]()

    assert METADATA[key] == handler.read_metadata(handler.sample_metadata())


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_folder_reads_the_size_of_an_image(order: str, handlers: dict[str, Any]) -> None:
    """Width and length come from the first directory, in both byte orders."""
    mark = {"<": b"II", ">": b"MM"}[order]
    header = mark + struct.pack(order + "HI", 42, 8)
    width = struct.pack(order + "HHIHH", 256, 3, 1, 640, 0)
    length = struct.pack(order + "HHII", 257, 4, 1, 480)

    size = handlers["tiff_folder"]().image_size(
        header + struct.pack(order + "H", 2) + width + length + bytes(4)
    )

    assert (640, 480) == size


@pytest.mark.parametrize(
    ("key", "name", "parts"),
    [
        ("imagexpress", "plate_a01_s2_w1.TIF", {"well": "A01", "site": 2, "channel": 1}),
        ("imagexpress", "A01_s1_w2_thumb4F3C.tif", None),
        ("omero", "image_51_z1_c2_t3.ome.tif", {"image": 51, "z": 1, "channel": 2, "time": 3}),
        ("omero", "image_51.tif", None),
        (
            "opera_phenix",
            "r01c02f03p04-ch1sk5fk1fl1.tiff",
            {"row": 1, "column": 2, "site": 3, "z": 4, "channel": 1, "time": 5},
        ),
        ("opera_phenix", "A01_s1_w2.tif", None),
        ("tiff_folder", "B03-2-DAPI.tif", {"well": "B03", "site": 2, "channel": "DAPI"}),
        ("tiff_folder", "B03-2-DAPI.png", None),
    ],
)
def test_a_handler_knows_the_names_of_its_images(
    key: str, name: str, parts: dict[str, object] | None, handlers: dict[str, Any]
) -> None:
    """Names give their parts, and names that another program made give None."""

    assert parts == handlers[key]().parse_filename(name)


@pytest.mark.parametrize("data", [b"", b"\0", bytes(range(256)) * 41])
def test_a_backend_gives_back_the_bytes_that_it_was_given(data: bytes, backend: Any) -> None:
    """Bytes come back as they were, whether none, one or many."""
    backend.save("image", data)

    assert data == backend.load("image")


def test_a_backend_replaces_what_it_kept_under_the_same_name(backend: Any) -> None:
    """The last bytes of a name count, other names keep theirs, and a missing name is a KeyError."""
    with pytest.raises(KeyError):
        backend.load("second")
    backend.save("second", b"old")
    backend.save("first", b"other")
    backend.save("second", b"new")

    loaded = [(name, backend.load(name)) for name in backend.names()]

    assert [("first", b"other"), ("second", b"new")] == loaded
    with pytest.raises(KeyError):
        backend.load("third")


def test_a_server_answers_a_message(server: Any) -> None:
    """Each server answers the message of its kind within the time limit."""
    exercise = importlib.import_module("microlab.exercise")
    answers = {"echo": b"hello", "execution": b'{"result": 3.0}', "progress": b"0%"}

    answer = server.request(exercise.MESSAGES[server.server_type], timeout=10)

    assert answers[server.server_type] == answer


def test_a_server_that_stopped_does_not_answer(server: Any) -> None:
    """After stop() a request runs into its time limit; stop() twice does no harm."""
    server.stop()
    server.stop()

    with pytest.raises(TimeoutError):
        server.request(b"hello", timeout=0.1)


def test_the_execution_server_answers_a_bad_job_with_its_error(
    registries: dict[str, Any],
) -> None:
    """A job that does not exist is an answer, not the end of the server."""
    with registries["ZMQ servers"]["execution"]() as server:
        bad = server.request(b'{"job": "launch", "values": []}', timeout=10)
        good = server.request(b'{"job": "sum", "values": [1, 2]}', timeout=10)

    assert [{"error": "KeyError: 'launch'"}, {"result": 3.0}] == [json.loads(bad), json.loads(good)]


def test_the_progress_server_tells_the_latest_step(registries: dict[str, Any]) -> None:
    """A subscriber that comes late hears how far its task is."""
    with registries["ZMQ servers"]["progress"]() as server:
        server.update("plate-7", 0.25)
        server.update("plate-7", 0.5)
        server.update("plate-8", 1)

        answers = {server.request(b"plate-7", timeout=10) for _ in range(3)}

    assert b"50%" in answers


@pytest.mark.parametrize(
    ("key", "known", "unfit"),
    [
        ("colorsys", {"rgb_to_hsv", "hsv_to_rgb", "rgb_to_yiq"}, {"ONE_THIRD"}),
        ("math", {"sqrt", "sin", "log", "exp"}, {"pi", "atan2", "floor"}),
        ("numpy", {"sqrt", "sin", "negative", "isfinite"}, {"add", "modf", "array", "pi"}),
        ("statistics", {"mean", "median"}, {"NormalDist", "StatisticsError", "correlation"}),
    ],
)
def test_a_library_lists_its_functions(
    key: str, known: set[str], unfit: set[str], registries: dict[str, Any]
) -> None:
    """Functions that everybody knows are there; constants, classes, several arguments are not."""
    functions = registries["library registries"][key]().functions()

    assert known <= set(functions)
    assert set() == unfit & set(functions)
    assert all(map(callable, functions.values()))


@pytest.mark.parametrize(
    ("key", "wells"),
    [
        (
            "EDDU_CX5",
            {
                "A01": {"CellCount": 120.0, "MeanIntensity": 33.5},
                "A02": {"CellCount": 98.0, "MeanIntensity": 41.25},
            },
        ),
        (
            "metaxpress",
            {
                "A01": {"Total Cells (Cell Scoring)": 120, "Positive Cells (Cell Scoring)": 33},
                "A02": {"Total Cells (Cell Scoring)": 98},
                "B01": {"Total Cells (Cell Scoring)": 101, "Positive Cells (Cell Scoring)": 41},
            },
        ),
    ],
)
def test_a_format_reads_its_measurements(
    key: str, wells: dict[str, dict[str, float]], registries: dict[str, Any]
) -> None:
    """Each well has its numbers under the names of the header."""
    results = registries["format registries"][key]()

    assert wells == results.parse(results.sample())


def test_every_plugin_works_from_a_warm_cache(tmp_path: Path) -> None:
    """A second process lists the same keys without importing a plugin, and all 19 then work."""
    cache = tmp_path / "cache"
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()

    first, second = (json.loads(run("-c", PROGRAM, str(folder), cache=cache)) for folder in folders)

    assert EXPECTED == first["keys"]
    assert {
        "keys": first["keys"],
        "reports": dict.fromkeys(EXPECTED, "hit"),
        "listed": LIGHT_MODULES,
        "results": first["results"],
    } == second
    assert EXPECTED == {name: list(results) for name, results in second["results"].items()}


@pytest.mark.parametrize("program", ["microlab_loop.py", "microlab_table.py"])
def test_a_program_for_comparison_lists_the_same_keys(program: str, tmp_path: Path) -> None:
    """The loop and the table that were written by hand know what the registries know."""
    printed = run(str(APPS / program), cache=tmp_path)

    assert EXPECTED == {
        name: keys.split(", ") for name, keys in (line.split(": ") for line in printed.splitlines())
    }


def test_the_loop_wants_a_process_of_its_own(registries: dict[str, Any]) -> None:
    """Where the application is imported already, the stand-in would come too late."""
    loop = importlib.import_module("microlab_loop")

    with pytest.raises(RuntimeError, match="needs a process"):
        loop.list_all()

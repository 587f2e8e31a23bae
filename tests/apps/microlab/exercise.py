"""One small real piece of work for any plugin: what the demo and the tests do after listing."""

import json
import os
from typing import Any

from .registries import REGISTRIES

MESSAGES = {
    "echo": b"hello",
    "execution": json.dumps({"job": "mean", "values": [1, 2, 6]}).encode("utf-8"),
    "progress": b"plate-7",
}


def exercise(registry: str, key: str, plugin: type[Any], folder: str) -> str:
    """Put ``plugin`` to work and tell what came out.

    ``registry`` and ``key`` say where the plugin was found; what it writes goes below ``folder``,
    which has to exist.
    """
    if registry == "microscope handlers":
        handler = plugin()
        return f"{len(handler.read_metadata(handler.sample_metadata()))} facts"
    if registry == "storage backends":
        return _store(plugin(os.path.join(folder, key)))
    if registry == "ZMQ servers":
        return _ask(plugin(), MESSAGES[key])
    if registry == "library registries":
        return f"{len(plugin().functions())} functions"
    return f"{len(plugin().parse(plugin().sample()))} wells"


def exercise_all(folder: str) -> dict[str, dict[str, str]]:
    """Put every plugin of every registry to work: registry, then key, then what came out."""
    return {
        name: {key: exercise(name, key, registry[key], folder) for key in registry}
        for name, registry in REGISTRIES.items()
    }


def _store(backend: Any) -> str:
    backend.save("image", bytes(range(256)))
    count = len(backend.load("image"))
    backend.close()
    return f"{count} bytes"


def _ask(server: Any, message: bytes) -> str:
    server.start()
    try:
        return str(server.request(message).decode("utf-8"))
    finally:
        server.stop()

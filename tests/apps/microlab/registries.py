"""The five registries of the application, by the names under which it shows them."""

from .formats.base import FORMAT_REGISTRIES
from .libraries.base import LIBRARY_REGISTRIES
from .microscopes.base import METADATA_HANDLERS, MICROSCOPE_HANDLERS
from .servers.base import ZMQ_SERVERS
from .storage.base import STORAGE_BACKENDS

__all__ = [
    "FORMAT_REGISTRIES",
    "LIBRARY_REGISTRIES",
    "METADATA_HANDLERS",
    "MICROSCOPE_HANDLERS",
    "REGISTRIES",
    "STORAGE_BACKENDS",
    "ZMQ_SERVERS",
]

REGISTRIES = {
    "microscope handlers": MICROSCOPE_HANDLERS,
    "storage backends": STORAGE_BACKENDS,
    "ZMQ servers": ZMQ_SERVERS,
    "library registries": LIBRARY_REGISTRIES,
    "format registries": FORMAT_REGISTRIES,
}

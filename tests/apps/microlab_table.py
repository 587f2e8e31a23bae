"""Lists the plugins of microlab from a table written by hand: the least that can be done.

It imports no plugin. As regcache has to, it asks the file system for the state of each plugin file
and folder; unlike regcache it then knows nothing of a plugin that somebody adds.
"""

import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "microlab")

MICROSCOPE_HANDLERS = {
    "imagexpress": "microlab.microscopes.imagexpress_handler:ImageXpressHandler",
    "omero": "microlab.microscopes.omero_handler:OmeroHandler",
    "opera_phenix": "microlab.microscopes.opera_phenix_handler:OperaPhenixHandler",
    "tiff_folder": "microlab.microscopes.tiff_folder_handler:TiffFolderHandler",
}
STORAGE_BACKENDS = {
    "tar": "microlab.storage.archive_tar:TarBackend",
    "zip": "microlab.storage.archive_zip:ZipBackend",
    "disk": "microlab.storage.disk:DiskBackend",
    "memory": "microlab.storage.memory:MemoryBackend",
    "npy": "microlab.storage.numpy_file:NumpyBackend",
    "sqlite": "microlab.storage.sqlite:SqliteBackend",
}
ZMQ_SERVERS = {
    "echo": "microlab.servers.echo_server:EchoServer",
    "execution": "microlab.servers.execution_server:ExecutionServer",
    "progress": "microlab.servers.progress_server:ProgressServer",
}
LIBRARY_REGISTRIES = {
    "colorsys": "microlab.libraries.colorsys_library:ColorsysLibrary",
    "math": "microlab.libraries.math_library:MathLibrary",
    "numpy": "microlab.libraries.numpy_library:NumpyLibrary",
    "statistics": "microlab.libraries.statistics_library:StatisticsLibrary",
}
FORMAT_REGISTRIES = {
    "EDDU_CX5": "microlab.formats.cx5:Cx5Format",
    "metaxpress": "microlab.formats.metaxpress:MetaXpressFormat",
}
REGISTRIES = {
    "microscope handlers": ("microscopes", MICROSCOPE_HANDLERS),
    "storage backends": ("storage", STORAGE_BACKENDS),
    "ZMQ servers": ("servers", ZMQ_SERVERS),
    "library registries": ("libraries", LIBRARY_REGISTRIES),
    "format registries": ("formats", FORMAT_REGISTRIES),
}


def list_all() -> dict[str, list[str]]:
    """Ask for the state of each file and folder and give the keys of each registry."""
    keys = {}
    for name, (package, table) in REGISTRIES.items():
        folder = os.path.join(FOLDER, package)
        os.stat(folder)
        for target in table.values():
            os.stat(os.path.join(folder, file_name(target)))
        keys[name] = list(table)
    return keys


def file_name(target: str) -> str:
    """Give the name of the file that holds the class of ``target``, a "module:Class"."""
    return target.partition(":")[0].rpartition(".")[2] + ".py"


if __name__ == "__main__":
    for registry_name, keys in list_all().items():
        print(f"{registry_name}: {', '.join(keys)}")

"""Where the cache file of a registry lies, and the environment variables that decide about it.

The folder is ours in platformdirs' user cache folder, and in it each application has one: folders
that an application makes for itself may be open to others, as its umask says, and such a folder is
not read from. On the platforms where platformdirs' answer follows from ``XDG_CACHE_HOME`` and
``HOME`` alone we read these two ourselves, since importing it costs more than the whole warm start;
``tests/core/test_location.py`` holds both answers equal.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

from .modules import find_spec, fingerprint

_OFF = ("", "0", "false", "no", "off")
_OUR_FOLDER = "regcache"
#: What Windows takes for devices, in any case, in any folder; the last two with a digit.
_DEVICES = {"CON", "PRN", "AUX", "NUL", "COM", "LPT"}


def get_cache_file_path(
    cache_name: str, *, application: str = "regcache", paths: "Iterable[str]" = ()
) -> "Path":
    """Where the cache file of one registry lies in this environment.

    Args:
        cache_name: Name of the registry's cache; any text, it cannot leave the folder.
        application: Name of the application that owns the registry.
        paths: The source folders and files that the registry depends on; part of the identity.

    Returns:
        The path; the file need not exist.

    Raises:
        NoCacheFolderError: The environment names no folder for caches.
    """
    from pathlib import Path

    path = cache_file(identify(cache_name, application, paths))
    if path is None:
        from .errors import NoCacheFolderError

        raise NoCacheFolderError(application)
    return Path(path)


def identify(cache_name: str, application: str, paths: "Iterable[str]") -> "dict[str, object]":
    """Everything by which two registries or environments are told apart, as JSON values."""
    return {
        "application": application,
        "registry": cache_name,
        "home": _home_of(application),
        "paths": list(paths),
        "prefix": sys.prefix,
        "python": f"{sys.implementation.name} {sys.version} -O{sys.flags.optimize}",
    }


def _home_of(application: str) -> str:
    """The file that the application is imported from: two copies of it are two applications.

    The same whether it is imported yet or not: a first start may import it between load and save.
    """
    module = sys.modules.get(application)
    spec = find_spec(application) if module is None and application else None
    if spec is None:
        module = module or sys.modules.get("__main__")
        file = getattr(module, "__file__", None)
        folders = getattr(module, "__path__", ())
    else:
        file = spec.origin if spec.has_location else None
        folders = spec.submodule_search_locations or ()
    if not file:  # a namespace package has folders only; `python -c` and the prompt have nothing
        return os.pathsep.join(folders)
    return _absolute(file) or str(file)


def _absolute(path: str) -> "str | None":
    """``os.path.abspath``; ``None`` for a relative path in a working folder that is gone."""
    try:
        return os.path.abspath(path)
    except OSError:
        return None


def cache_file(identity: "Mapping[str, object]") -> "str | None":
    """The path of the cache file for ``identity``, or ``None`` where there is no folder."""
    folder = cache_folder()
    if folder is None:
        return None
    # It only has to tell environments apart: the identity in the file is compared in full.
    name = f"{_safe(str(identity['registry']))}-{fingerprint(sorted(identity.items()))}.json"
    return os.path.join(folder, _safe(str(identity["application"])), name)


def cache_folder() -> "str | None":
    """``REGCACHE_DIR``, else ours in the user cache folder of platformdirs, else ``None``."""
    folder = os.environ.get("REGCACHE_DIR")
    if folder:
        return _absolute(os.path.expanduser(folder))
    return _folder_from_environment() or _folder_from_platformdirs()


def _folder_from_environment() -> "str | None":
    """platformdirs' answer where two variables decide it, else ``None``."""
    if sys.platform in ("win32", "darwin", "ios", "android") or "ANDROID_DATA" in os.environ:
        return None
    folder = os.environ.get("XDG_CACHE_HOME")
    if folder:
        return os.path.join(folder, _OUR_FOLDER) if folder.startswith("/") else None
    home = os.environ.get("HOME", "")
    return f"{home.rstrip('/')}/.cache/{_OUR_FOLDER}" if home.startswith("/") else None


def _folder_from_platformdirs() -> "str | None":
    from platformdirs import user_cache_dir

    try:
        folder = user_cache_dir(_OUR_FOLDER, appauthor=False)
    except RuntimeError:  # no home can be found for this user
        return None
    return folder if os.path.isabs(folder) else None


def _safe(name: str) -> str:
    """``name`` with everything replaced that could mean something to a file system.

    Two names may become one: files are told apart by their fingerprint.
    """
    name = name[:64].replace(" ", "_").replace(".", "_") or "_"
    if len(name) <= 4 and name.upper().rstrip("0123456789") in _DEVICES:
        return f"{name}_"
    if name.isascii() and name.replace("_", "a").replace("-", "a").isalnum():
        return name
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)


def switched_off_by(application: str) -> "str | None":
    """The environment variable that switches caching off for ``application``, if one does."""
    for variable in ("REGCACHE_DISABLE", f"{_capitals(application)}_DISABLE_REGISTRY_CACHE"):
        if is_on(variable):
            return variable
    return None


def _capitals(application: str) -> str:
    return _safe(application).replace("-", "_").upper()


def is_on(variable: str) -> bool:
    """Whether an environment variable is set to anything but an empty, zero or negative word."""
    return os.environ.get(variable, "").strip().lower() not in _OFF

"""The cache of one registry: ``RegistryCacheManager``, and ``CacheConfig`` for how it ages.

This module decides whether a file is believed; files, places and what an answer depends on are in
the modules of these names. What follows a miss (an answer is built and saved) is ``_cold.saving``.
"""

import os
import sys
from time import perf_counter_ns, time_ns

from ._file import (
    CacheMiss,
    Report,
    absolute,
    cache_file,
    check_argument,
    from_user,
    is_on,
    lazy_options,
    read_document,
    switched_off_by,
)
from ._inputs import (
    PYTHON_SUFFIXES,
    SECONDS_PER_DAY,
    FoundFiles,
    Input,
    SourceTree,
    Timestamp,
    check_all,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import UnionType
    from typing import Any, Generic, Protocol, TypeVar

    from cattrs import Converter

    from ._cold.saving import Miss
    from ._cold.verify import Verification

    A = TypeVar("A")
    K = TypeVar("K")
    T = TypeVar("T")
    Progress = Callable[[int, int, str], object]

    class Tell(Protocol):
        """What a build tells how far it is."""

        def __call__(self, done: int, total: int, what: str = "") -> None: ...

    Build = Callable[[], Mapping[K, T]] | Callable[[Tell], Mapping[K, T]]
else:

    class Generic:
        """``RegistryCacheManager[str, int]`` at run time, without importing ``typing``."""

        __class_getitem__ = classmethod(type(list[int]))

    K = T = object

#: Name and number of the format. A release refuses files of every other number, older or newer,
#: and overwrites them: an answer can always be computed anew, so no file is ever migrated.
FORMAT = "regcache 1"
_MEMBERS = {"format", "identity", "cache_version", "version", "timestamp"}
_MEMBERS |= {"max_age_days", "items", "extra", "checksum", "item_type", "code"}


def get_cache_file_path(
    cache_name: str, *, application: str = "regcache", paths: "Iterable[str]" = ()
) -> "Path":
    """Where the cache file of one registry lies in this environment.

    Args:
        cache_name: Name of the registry's cache; any text, it cannot leave the folder.
        application: Name of the application that owns the registry.
        paths: The source folders and files that the registry depends on; part of the identity,
            as are patterns (``SourceTree.identity`` has both).

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
        "python": _python(),
    }


#: What byte code, and the modules that there are, may depend on.
_BUILD = f"{sys.implementation.name} {sys.version} -O{sys.flags.optimize}"


def _python() -> str:
    return " ".join((_BUILD, *lazy_options()))


def _home_of(application: str) -> str:
    """The file that the application is imported from: two copies of it are two applications.

    The same whether it is imported yet or not: a first start may import it between load and save.
    """
    module, spec = sys.modules.get(application), None
    if module is None and application:
        from ._modules import find_spec

        spec = find_spec(application)
    if spec is None:
        module = module or sys.modules.get("__main__")
        file = getattr(module, "__file__", None)
        folders = getattr(module, "__path__", ())
    else:
        file = spec.origin if spec.has_location else None
        folders = spec.submodule_search_locations or ()
    if not file:  # a namespace package has folders only; `python -c` and the prompt have nothing
        return os.pathsep.join(folders)
    return absolute(file) or str(file)


class CacheConfig:
    """When a cache file may be believed.

    Args:
        max_age_days: Age in days after which a file is stale; ``None`` means for ever. Seven days
            are long enough for every-day use, and short enough that a mistake in what we watch
            heals by itself.
        check_mtimes: Whether recorded source files are compared (``st_mtime_ns`` and ``st_size``,
            exactly). Switch it off only for code that cannot change, such as a frozen image.
        cache_version: Version of the layout of *your* items. Change it when a serializer changes.
        cache_dir: Folder for the cache file, instead of ``REGCACHE_DIR`` and the user's cache
            folder; in it each application has a folder of its own. ``~`` is the user's home; a
            relative path begins at the working folder of this moment.

    Raises:
        ConfigError: A value has the wrong type or is out of range (a ``ValueError``).

    >>> CacheConfig(max_age_days=None)
    CacheConfig(max_age_days=None, check_mtimes=True, cache_version='1.0', cache_dir=None)
    """

    __slots__ = ("cache_dir", "cache_version", "check_mtimes", "max_age_days")

    def __init__(
        self,
        max_age_days: "float | None" = 7,
        check_mtimes: bool = True,
        cache_version: str = "1.0",
        cache_dir: "str | os.PathLike[str] | None" = None,
    ) -> None:
        is_age = max_age_days is None or _is_age(max_age_days)
        expected = "a number of days >= 0, or None for ever"
        check_argument("max_age_days", max_age_days, is_age, expected)
        check_argument(
            "check_mtimes", check_mtimes, isinstance(check_mtimes, bool), "True or False"
        )
        is_text = isinstance(cache_version, str) and cache_version != ""
        check_argument("cache_version", cache_version, is_text, "a non-empty string")
        folder: Any = os.fspath(cache_dir) if isinstance(cache_dir, os.PathLike) else cache_dir
        is_path = isinstance(folder, str) and folder != "" and "\0" not in folder
        self.cache_dir = from_user(folder) if is_path else None  # None: a relative one, of nowhere
        is_place = folder is None or self.cache_dir is not None
        check_argument("cache_dir", cache_dir, is_place, "the path of a folder")
        self.max_age_days = max_age_days
        self.check_mtimes = check_mtimes
        self.cache_version = cache_version

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CacheConfig):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return (
            f"CacheConfig(max_age_days={self.max_age_days!r}, "
            f"check_mtimes={self.check_mtimes!r}, cache_version={self.cache_version!r}, "
            f"cache_dir={self.cache_dir!r})"
        )


def _is_age(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value < float("inf")  # False for NaN too


class RegistryCacheManager(Generic[K, T]):
    """Loads, checks and saves the cached answer of one registry.

    Args:
        cache_name: Name of the registry's cache; any non-empty text.
        version_getter: Gives the version of the application; another version is a miss.
        serializer: Turns an item into JSON values (with ``deserializer``).
        deserializer: Turns these values into the item.
        config: Age, version of the layout, whether source files are compared, and the folder.
        item_type: Instead of the pair: the type of the items, converted by cattrs.
        converter: A cattrs converter for ``item_type``; by default ``make_converter()``.
        inputs: What else the answer depends on, such as ``[SourceTree([folder])]``. The modules of
            the item type and of the functions that are given here or build an answer count anyway.
        application: Name of the application; by default the top-level package that
            ``version_getter`` was defined in. Two applications never share a file.

    Attributes:
        last_report: What the last load or save did, in any thread, and why; ``None`` before the
            first.
        extra: What the last load found stored beside the items; empty after a miss.
        read_only: Whether a load leaves the file as it is, instead of renewing what is cheaper to
            check next time; false by default.

    Raises:
        ConfigError: The arguments do not fit together.

    >>> manager = RegistryCacheManager("primes", lambda: "1.0", item_type=int, application="demo")
    >>> manager.get_or_build(lambda: {"two": 2, "three": 3})
    {'two': 2, 'three': 3}
    >>> manager.load_cache()
    {'two': 2, 'three': 3}
    >>> manager.last_report.status
    'hit'
    """

    def __init__(
        self,
        cache_name: str,
        version_getter: "Callable[[], str]",
        serializer: "Callable[[T], Any] | None" = None,
        deserializer: "Callable[[Any], T] | None" = None,
        config: "CacheConfig | None" = None,
        *,
        item_type: "type[T] | UnionType | None" = None,
        converter: "Converter | None" = None,
        inputs: "Iterable[Input]" = (),
        application: "str | None" = None,
    ) -> None:
        is_name = isinstance(cache_name, str) and cache_name != ""
        check_argument("cache_name", cache_name, is_name, "a non-empty string")
        expected = "a function that returns a version"
        check_argument("version_getter", version_getter, callable(version_getter), expected)
        is_config = isinstance(config, (CacheConfig, type(None)))
        check_argument("config", config, is_config, "a CacheConfig, or None for its defaults")
        is_name = isinstance(application, (str, type(None)))
        expected = "the name of the application's package"
        check_argument("application", application, is_name, expected)
        pair = (serializer is not None) + (deserializer is not None)
        fits = pair == (0 if item_type is not None else 2)
        fits = fits and (converter is None or item_type is not None)
        expected = "either serializer and deserializer, or item_type (and a converter, if wanted)"
        check_argument("item_type", item_type, fits and _is_type(item_type), expected)
        is_converter = converter is None or hasattr(converter, "structure")
        check_argument("converter", converter, is_converter, "a cattrs.Converter")
        self.cache_name = cache_name
        self.version_getter = version_getter
        self.config = config or CacheConfig()
        self.application = application or _application_of(version_getter)
        self.last_report: Report | None = None
        self.extra: dict[str, Any] = {}
        self.read_only = False
        self._serializer = serializer
        self._deserializer = deserializer
        self._item_type: Any = item_type
        self._converter = converter
        self._default_converter: Converter | None = None  # made when it is needed
        self._code = FoundFiles("code", time_ns())
        self._more_inputs = _checked(inputs)
        self._misses: dict[object, Miss] = {}  # caller -> its last load, until it saves
        self._identified: dict[str, object] | None = None

    @property
    def path(self) -> "str | None":
        """Where the cache file lies; ``None`` where the environment names no folder."""
        return cache_file(self._identity(), self.config.cache_dir)

    def load_cache(self) -> "dict[K, T] | None":
        """The cached items, or ``None`` if there are none that can be believed.

        Nothing about the file raises: ``last_report`` says why there was no hit.
        """
        return self._load(self.from_record)

    def load_records(self) -> "dict[K, Any] | None":
        """As ``load_cache``, with each item as it lies in the file: nothing is converted.

        Listing keys and reading single facts needs neither cattrs nor the modules that items
        are made of. ``from_record`` makes one item.
        """
        return self._load(lambda record: record)

    def load_lazily(self) -> "Mapping[K, T] | None":
        """As ``load_cache``, but each item is converted when it is asked for, and then kept.

        Keys, ``len()``, ``in`` and iteration need neither cattrs nor the modules that items are
        made of. A record that cannot be converted is no miss, for the keys are in use by then:
        asking for that item raises ``ItemRefusedError``, each time, and others are not affected.

        Returns:
            A read-only mapping, or ``None`` after a miss.
        """
        records = self.load_records()
        return None if records is None else self._lazily(records, self.from_record)

    def _lazily(self, records: "dict[K, Any]", convert: "Callable[[Any], T]") -> "Mapping[K, T]":
        from ._lazy import LazyItems

        return LazyItems(self.cache_name, records, convert)

    def from_record(self, record: "Any") -> T:
        """One item of ``load_records``, converted.

        Raises:
            Exception: Whatever the deserializer or the converter raises for this record.
        """
        if self._deserializer is not None:
            return self._deserializer(record)
        return self._get_converter().structure(record, self._item_type)  # type: ignore[no-any-return]

    def decode_key(self, text: str) -> "Any":
        """A key from what ``key_to_text`` wrote; plain text costs no import.

        Raises:
            CacheMiss: It is nothing that ``key_to_text`` writes.
        """
        if type(text) is str and text[:1] != "!":
            return text
        from ._keys import text_to_key

        return text_to_key(text, self.application)

    def save_cache(
        self,
        items: "Mapping[K, T]",
        file_mtimes: "Mapping[str, Any] | None" = None,
        extra: "Mapping[str, Any] | None" = None,
    ) -> bool:
        """Write all ``items``, or none of them.

        Args:
            items: The answer, key -> item.
            file_mtimes: The source files as they were when the scan *started*: path -> stamp, from
                ``get_package_file_mtimes``, or path -> ``st_mtime``.
            extra: JSON values to be stored beside the items.

        Returns:
            Whether the file was written. A disk that cannot be written to, or a source that has
            changed since the scan started, is no error: ``last_report`` says why.

        Raises:
            SerializationError: A key or an item cannot be turned into JSON (a ``TypeError``);
                nothing was written.
        """
        from ._cold.saving import save

        return save(self, items, file_mtimes, extra)

    def get_or_build(
        self, build: "Build[K, T]", progress: "Progress | None" = None
    ) -> "dict[K, T]":
        """The cached items; else what ``build()`` returns, saved for the next start.

        An item that cannot be serialized, or too many of them for a file, do not stop the
        application: its answer is returned, uncached, with a ``CacheWarning``.

        Args:
            build: Gives the answer, key -> item. Called without arguments; if there is a
                ``progress``, with a function ``tell(done, total, what="")``.
            progress: Called as ``progress(done, total, what)`` each time that ``build`` tells.
                Telling also keeps other processes waiting for this answer, for two minutes at
                most; else they build one of their own after 20 seconds.

        Raises:
            Exception: Whatever ``build`` or ``progress`` raises; nothing was saved, and a file
                that was there is there still.
        """
        items = self.load_cache()
        if items is not None:
            return items
        from ._cold.saving import build_and_save, build_once

        return build_once(self, self.load_cache, lambda: build_and_save(self, build, progress))

    def get_lazily_or_build(
        self, build: "Build[K, T]", progress: "Progress | None" = None
    ) -> "Mapping[K, T]":
        """As ``get_or_build``, but after a hit each item is converted when it is asked for.

        Args:
            build: As ``get_or_build`` has it.
            progress: As ``get_or_build`` has it.

        Returns:
            A read-only mapping: as ``load_lazily`` has it, or of what ``build()`` returned.

        Raises:
            Exception: Whatever ``build`` or ``progress`` raises.
        """
        items = self.load_lazily()
        if items is not None:
            return items
        from ._cold.saving import build_and_save, build_once

        return build_once(
            self,
            self.load_lazily,
            lambda: self._lazily(build_and_save(self, build, progress), lambda item: item),
        )

    def build_in_turn(self, load: "Callable[[], A | None]", build: "Callable[[], A]") -> "A":
        """Build the answer after a miss; if another process is doing so, wait for its answer.

        A courtesy: after 20 seconds at most, and where no lock can be had, the answer is built
        here. Where it could not be saved anyway nothing is waited for.

        Args:
            load: Loads the answer once more; gives ``None`` for a miss.
            build: Builds the answer and saves it by ``save_built``.

        Raises:
            Exception: Whatever ``load`` or ``build`` raises.
        """
        from ._cold.saving import build_in_turn

        return build_in_turn(self, load, build)

    def save_built(
        self,
        items: "Mapping[K, T]",
        report: Report,
        extra: "Mapping[str, Any] | None" = None,
        transient: "BaseException | None" = None,
    ) -> None:
        """Save what was built after the miss that ``report`` tells of, and add to that report.

        What cannot be serialized, or is too large, is a ``CacheWarning`` here: the answer itself
        is good.

        Args:
            items: The answer, key -> item.
            report: The report of the miss.
            extra: JSON values to be stored beside the items.
            transient: An error of this moment that made the answer smaller, as
                ``Failures.transient`` has it: the answer is not saved then.
        """
        from ._cold.saving import save_built

        save_built(self, items, report, extra, transient)

    def begin_scan(self) -> None:
        """Start to build the answer anew, whatever the cache file says.

        What the answer depends on is recorded as it is at this moment, for the save that follows.
        """
        from ._cold.saving import begin

        begin(self, CacheMiss("REFRESH_REQUESTED"))

    def refuse_load(self, reason: str, where: str) -> None:
        """Make a miss of the last load: what lies beside the items is not what was stored there.

        Args:
            reason: Name of a ``Reason``.
            where: What is wrong.
        """
        from ._cold.saving import begin

        begin(self, CacheMiss(reason, where))
        self.extra = {}

    def verify(self, build: "Callable[[], Mapping[K, T]]") -> "Verification":
        """Compare the cached items with what ``build()`` gives in a fresh process.

        Compared are the items as records, and their order; nothing is written. The records of the
        other process are made there by this manager's own functions or type.

        Args:
            build: What ``get_or_build`` is given. As the serializer, the deserializer and the
                type of the items it must be defined at the top level of a module, from which the
                other process imports it.

        Raises:
            ConfigError: The other process could not import one of these, or the manager has a
                converter of its own, which cannot be sent there (a ``ValueError``).
            VerificationError: ``build`` failed, or an item cannot be serialized (a
                ``RuntimeError``).
        """
        from ._cold.verify import verify_manager

        return verify_manager(self, build)

    def clear_cache(self) -> None:
        """Remove the cache file, if there is one.

        Raises:
            OSError: There is a file and it cannot be removed.
        """
        import contextlib

        path = self.path
        if path is not None:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(path)

    def _load(self, convert: "Callable[[Any], Any]") -> "dict[K, Any] | None":
        start = perf_counter_ns()
        path, inputs = None, None
        items = None
        self.extra = {}
        try:
            identity = self._identity()
            path = cache_file(identity, self.config.cache_dir)
            self._check_switches(path, identity)
            inputs = self._inputs(identity)
            if is_on("REGCACHE_REFRESH"):
                raise CacheMiss("REFRESH_REQUESTED", "REGCACHE_REFRESH")
            items = self._items(self._fresh_document(str(path), inputs), convert)
            self.last_report = report = Report("hit", path, len(items))
            if self._misses:
                from ._cold.saving import caller

                self._misses.pop(caller(), None)
        except CacheMiss as miss:
            began_ns = time_ns() - (perf_counter_ns() - start)
            from ._cold.saving import note_miss, record

            # The answer will be built now: what it depends on is as it is at this moment.
            scan = None if inputs is None else record(inputs)
            report = note_miss(self, miss, path, began_ns, scan)
        report.load_ns = perf_counter_ns() - start
        return items

    def _check_switches(self, path: "str | None", identity: "dict[str, object]") -> None:
        variable = switched_off_by(self.application)
        if variable is not None:
            raise CacheMiss("SWITCHED_OFF", variable)
        if path is None:
            raise CacheMiss("NO_CACHE_FOLDER")
        if not identity["home"] and self.application == "__main__":
            raise CacheMiss("NOT_IDENTIFIED", "application=")  # python -c, a prompt, a notebook
        if getattr(sys, "get_lazy_imports_filter", lambda: None)() is not None:
            raise CacheMiss("LAZY_IMPORTS_FILTERED", "sys.set_lazy_imports_filter")

    def _fresh_document(self, path: str, inputs: "list[Input]") -> "dict[str, Any]":
        document = read_document(path)
        renewed = check_all(inputs, document)
        if renewed and not self.read_only:
            from ._cold.write import renew

            renew(path, {**document, **renewed})
        return document

    def _items(self, document: "dict[str, Any]", convert: "Callable[[Any], Any]") -> "dict[K, Any]":
        for member in ("items", "extra"):
            if not isinstance(document.get(member), dict):
                raise CacheMiss("WRONG_SHAPE", member)
        records: dict[str, Any] = document["items"]
        items = self._convert(records, convert)
        if len(items) != len(records):  # 1, 1.0 and True are one key, but three texts
            raise CacheMiss("KEY_REFUSED", "items", len(records), len(items))
        self.extra = document["extra"]
        return items

    def _convert(
        self, records: "dict[str, Any]", convert: "Callable[[Any], Any]"
    ) -> "dict[K, Any]":
        items: dict[Any, Any] = {}
        for text, record in records.items():
            try:
                items[self.decode_key(text) if text[:1] == "!" else text] = convert(record)
            except CacheMiss:
                raise
            except Exception as error:  # a deserializer is the application's: it may raise anything
                raise CacheMiss("ITEM_REFUSED", text) from error
        return items

    def _identity(self) -> "dict[str, object]":
        """Worked out once: where an application lies does not change while it runs; modes may."""
        if self._identified is None:
            texts = [text for item in self._more_inputs for text in item.identity]
            self._identified = identify(self.cache_name, self.application, texts)
        return {**self._identified, "python": _python()}

    def _inputs(self, identity: "dict[str, object]") -> "list[Input]":
        """Everything that the answer depends on, in the order in which it is checked."""
        config, version = self.config, self._version()
        days = config.max_age_days
        inputs = [
            Input("format", lambda: FORMAT, "FORMAT_CHANGED"),
            Input("identity", lambda: identity, "IDENTITY_CHANGED"),
            Input("cache_version", lambda: config.cache_version, "CACHE_VERSION_CHANGED"),
            Input("version", lambda: version, "VERSION_CHANGED"),
            Input("item_type", self._type_name, "SETTINGS_CHANGED"),
            Timestamp(None if days is None else days * SECONDS_PER_DAY),
            *self._more_inputs,
            self._code,
        ]
        if "file_mtimes" not in [item.member for item in inputs]:
            inputs.append(SourceTree((), PYTHON_SUFFIXES))  # as get_package_file_mtimes has it
        if not config.check_mtimes:
            inputs = [item for item in inputs if type(item) is not SourceTree]
        return inputs

    def _type_name(self) -> str:
        """The name of the item type; empty where functions of the application make the items."""
        name = "" if self._item_type is None else repr(self._item_type)
        return name if " at 0x" not in name else ""  # annotated with an object

    def _version(self) -> str:
        name = getattr(self.version_getter, "__qualname__", "version_getter")
        try:
            version = self.version_getter()
            if not isinstance(version, str):
                raise TypeError(f"{name} returned {version!r}, not a string")
        except Exception as error:  # the application's function: without a version, no caching
            raise CacheMiss("VERSION_UNKNOWN", name) from error
        return version

    def _get_converter(self) -> "Converter":
        converter = self._converter or self._default_converter
        if converter is None:
            from ._cold.convert import make_converter

            converter = self._default_converter = make_converter()
        return converter


def _is_type(value: "Any") -> bool:
    """Whether a value is a type, or stands for one; ``typing`` need not be imported to tell."""
    is_form = type(value).__module__ in ("types", "typing", "typing_extensions")
    return value is None or isinstance(value, type) or is_form


def _checked(inputs: "Iterable[Input]") -> "tuple[Input, ...]":
    """Inputs, each with a member of its own: two of one would overwrite each other in the file."""
    is_list = hasattr(inputs, "__iter__") and not isinstance(inputs, str)
    expected = "a list of inputs, such as [SourceTree([folder])]"
    check_argument("inputs", inputs, is_list, expected)
    checked = tuple(inputs)
    taken = {*_MEMBERS}
    for item in checked:
        check_argument("inputs", item, isinstance(item, Input), expected)
        is_free = item.member not in taken
        check_argument("inputs", item.member, is_free, "a member of its own to each input")
        taken.add(item.member)
    return checked


def _application_of(function: object) -> str:
    """The top-level package that a function was defined in; one name for all of a program."""
    module = getattr(function, "__module__", None) or "__main__"
    return "__main__" if module == "__mp_main__" else str(module).partition(".")[0]

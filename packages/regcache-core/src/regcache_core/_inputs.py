"""What a cached answer depends on: one list of ``Input`` objects, each with one member of the file.

An input knows three things: the member of the cache file that records it, what it is now, and
whether a recorded value still holds. Anything else that an answer should depend on is one more
``Input`` in the list given to the manager.
"""

import os
from time import perf_counter_ns, time, time_ns

from ._file import CacheMiss, check_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Any

    from .depends import Dependency


#: What makes a file a source of Python modules: text, byte code without source, extension modules.
PYTHON_SUFFIXES = (".py", ".pyc", ".pyw", ".so", ".pyd")


#: ``max_age_days`` is in days, timestamps are in seconds.
SECONDS_PER_DAY = 86_400
#: What a check raises when a recorded value has not the shape that it expects.
WRONG_SHAPE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)


class Input:
    """One thing that an answer depends on, compared for equality.

    Args:
        member: Name of the member of the cache file that records it.
        current: Called without arguments; gives today's value, made of JSON values.
        reason: Name of the ``Reason`` to refuse a file with when the values differ.

    Attributes:
        paths: Files and folders that are watched; they are part of a registry's identity.

    >>> import locale
    >>> Input("locale", lambda: locale.setlocale(locale.LC_CTYPE), "SETTINGS_CHANGED").member
    'locale'
    """

    paths: "tuple[str, ...]" = ()

    def __init__(
        self, member: str, current: "Callable[[], Any]", reason: str = "SETTINGS_CHANGED"
    ) -> None:
        self.member = member
        self.current = current
        self.reason = reason

    @property
    def identity(self) -> "tuple[str, ...]":
        """What tells a registry with this input from one with another; by default ``paths``."""
        return self.paths

    def record(self) -> "Any":
        """Today's value, to be taken when a scan starts and written when it ends."""
        return self.current()

    def complete(self, recorded: "Any") -> "Any":
        """What is to be written, now that the answer has been computed.

        To be overridden by an input that learns during the scan what the answer depends on.

        Args:
            recorded: What ``record`` gave when the scan started.
        """
        return recorded

    def check(self, recorded: "Any") -> "Any":
        """Compare a recorded value with today's.

        Returns:
            ``None`` if the recorded value holds as it is; else a value that says the same and is
            cheaper to check next time, for the file to be renewed with.

        Raises:
            CacheMiss: The recorded value does not hold; names the field, old and new.
        """
        current = self.current()
        if _is_same(recorded, current):
            return None
        if isinstance(recorded, dict) and isinstance(current, dict):
            fields = [*current, *recorded]
            field = next((n for n in fields if not _is_same(recorded.get(n), current.get(n))), "")
            where = f"{self.member}.{field}"
            raise CacheMiss(self.reason, where, recorded.get(field), current.get(field))
        raise CacheMiss(self.reason, self.member, recorded, current)


def _is_same(first: "Any", second: "Any") -> bool:
    """Whether two JSON values are one: equal, and 1 is neither True nor 1.0, at any depth."""
    return first == second and _are_alike(first, second)


def _are_alike(first: "Any", second: "Any") -> bool:
    """Whether equal values are of the same types."""
    kind = first.__class__
    if kind is not second.__class__:
        return False
    if kind is dict:
        return all(map(_are_alike, first.values(), map(second.__getitem__, first)))
    return kind is not list or all(map(_are_alike, first, second))


def check_all(inputs: "Iterable[Input]", recorded: "Mapping[str, Any]") -> "dict[str, Any]":
    """Check all inputs; gives the members that hold but should be renewed."""
    renewed = {}
    for item in inputs:
        try:
            value = item.check(recorded[item.member])
        except WRONG_SHAPE as error:
            raise CacheMiss("WRONG_SHAPE", item.member) from error
        if value is not None:
            renewed[item.member] = value
    return renewed


class Timestamp(Input):
    """When the scan started, in seconds since the epoch; bounds the age of an answer.

    Args:
        max_age_s: Age in seconds after which an answer is stale; ``None`` for never.
    """

    def __init__(self, max_age_s: "float | None") -> None:
        super().__init__("timestamp", time)
        self.max_age_s = max_age_s

    def check(self, recorded: "Any") -> None:
        """Refuse a timestamp that is no number, lies in the future or is too old."""
        if isinstance(recorded, bool) or not isinstance(recorded, (int, float)):
            raise CacheMiss("WRONG_SHAPE", self.member, recorded)
        now = self.current()
        if recorded > now:
            raise CacheMiss("FROM_THE_FUTURE", f"{recorded - now:.0f} seconds ahead of the clock")
        if self.max_age_s is not None and now - recorded > self.max_age_s:
            days, most = (now - recorded) / SECONDS_PER_DAY, self.max_age_s / SECONDS_PER_DAY
            raise CacheMiss("TOO_OLD", f"{days:.1f} days old, at most {most:g} are believed")


class SourceTree(Input):
    """Source files and folders, compared by their stamps, exactly; by content where these moved.

    A stamp is ``[st_mtime_ns, st_size, st_ctime_ns, st_ino, digest]``. While the four numbers hold,
    so does the content. If one moved (git checkout, a container built anew, a hard link more), the
    content decides: where it is the same, the stamp is renewed.

    A folder is watched with everything below it but hidden entries and ``__pycache__``: its stamp
    has the names in it in the place of the size. If it moved, the names are compared, so that
    files that are no sources (byte code, editor backups) cost no rebuild. Where ``.py`` is among
    the endings, a folder that has no such file itself, below one that has none either, is none in
    which Python finds modules (node_modules, data), and is not looked into.

    Args:
        paths: Files and folders; they need not exist (then their appearance is a change).
        suffixes: Endings of the file names that count; empty for all files.
        include: Patterns, as ``fnmatch`` has them, of the files that count; empty for all files.
        exclude: Patterns of files and folders that do not count, whatever else says that they do;
            such a folder is not looked into. Another setting is another registry.
        member: Name of the member of the cache file; each tree of a manager needs its own.

    A pattern is compared, case included, with the whole path from the watched folder on, with
    ``/`` on every platform, and ``*`` matches ``/`` too: ``"*.bak"`` at every depth, ``"drafts/*"``
    all of the folder ``drafts``. Files that ``paths`` names themselves always count.

    Raises:
        TypeError: One of the arguments is a text, and no list of texts.
        ConfigError: A pattern was given as an ending (a ``ValueError``).

    >>> SourceTree(["/usr/share/palettes"], suffixes=[".json"], exclude=["drafts/*"]).paths
    ('/usr/share/palettes',)
    """

    suffixes: "tuple[str, ...]" = ()
    include: "tuple[str, ...]" = ()
    exclude: "tuple[str, ...]" = ()

    def __init__(
        self,
        paths: "Iterable[str | os.PathLike[str]]",
        suffixes: "Iterable[str]" = (),
        include: "Iterable[str]" = (),
        exclude: "Iterable[str]" = (),
        member: str = "file_mtimes",
    ) -> None:
        given = paths, suffixes, include, exclude
        if not {str, bytes}.isdisjoint(map(type, given)):
            raise TypeError(
                "paths, suffixes and patterns are lists: SourceTree(['palettes'], ['.json'])"
            )
        super().__init__(member, self._stamp)
        self.paths = tuple([os.path.abspath(path) for path in paths])
        self.suffixes = tuple(suffixes)
        are_endings = {*"*?["}.isdisjoint("".join(self.suffixes))
        expected = "endings such as '.json'; patterns such as '*.json' are for include="
        check_argument("suffixes", self.suffixes, are_endings, expected)
        self.include = tuple(include)
        self.exclude = tuple(exclude)

    @property
    def identity(self) -> "tuple[str, ...]":
        """``paths``, and which files below them count."""
        choices = {"ending": self.suffixes, "include": self.include, "exclude": self.exclude}
        texts = [f"{how} {each}" for how, texts in choices.items() for each in texts]
        return (*self.paths, *texts)

    def _stamp(self) -> "dict[str, Any]":
        from ._cold.stamps import stamp_trees

        return stamp_trees(self.paths, self.suffixes, self._chooser())

    def _chooser(self) -> "Any":
        if not self.include and not self.exclude:
            return None
        from ._cold.patterns import chooser

        return chooser(self.paths, self.include, self.exclude)

    def check(self, recorded: "Any") -> "Any":
        """Compare every recorded stamp; one ``os.stat`` for each file or folder that stayed."""
        self.check_paths(recorded)
        moved = {}
        stat = os.stat if len(recorded) < _MANY else _stat_for(recorded)
        for path, stamp in recorded.items():
            try:
                # Of what is not there it takes a third of a stat, which makes an exception.
                if stamp is None and stat is os.stat and not os.access(path, os.F_OK):
                    continue
                now = stat(path)
            except (OSError, ValueError) as error:
                if stamp is None:
                    continue
                raise CacheMiss("SOURCE_REMOVED", path) from error
            if stamp is None:
                raise CacheMiss("SOURCE_ADDED", path)
            mtime_ns, content, ctime_ns, inode, _ = stamp
            if (
                mtime_ns != now.st_mtime_ns
                or ctime_ns != now.st_ctime_ns
                or inode != now.st_ino
                or (content != now.st_size and content.__class__ is not list)
            ):
                moved[path] = now
        if not moved:
            return None
        from ._cold.stamps import compare

        return compare(recorded, moved, self.suffixes, self._chooser())

    def check_paths(self, recorded: "Any") -> None:
        """Refuse stamps that leave one of ``paths`` out.

        To be overridden where ``paths`` only identify the registry, and what is stamped is
        decided by ``current``.
        """
        for path in self.paths:
            if path not in recorded:
                raise CacheMiss("SOURCE_ADDED", path)


#: From so many files on it is worth asking how fast their file system is: by the first few of
#: them, which take one or two microseconds each on a fast one.
_MANY, _FEW, _SLOW_NS = 200, 16, 100_000


def _stat_for(paths: "Collection[str]") -> "Callable[[str], os.stat_result]":
    """``os.stat``; on a slow file system what has looked at all these paths at once."""
    times = []
    for path, _ in zip(paths, range(_FEW)):  # noqa: B905 - the first few
        start_ns = perf_counter_ns()
        os.path.lexists(path)
        times.append(perf_counter_ns() - start_ns)
    if sorted(times)[_FEW // 2] < _SLOW_NS:  # most of them: one may wait for another process
        return os.stat
    from ._cold.slow_disks import stat_at_once

    return stat_at_once(paths)


class FoundFiles(SourceTree):
    """Files that turn out to decide an answer while it is being computed.

    They are compared as those of a ``SourceTree``, and are no part of the registry's identity.

    Args:
        member: Name of the member of the cache file that records them.
        created_ns: When the registry was declared, in nanoseconds since the epoch.

    Attributes:
        stamps: File -> stamp; filled by ``add``.
    """

    def __init__(self, member: str, created_ns: int) -> None:
        Input.__init__(self, member, dict)
        self.created_ns = created_ns
        self.stamps: dict[str, Any] = {}

    def complete(self, recorded: "Any") -> "dict[str, Any]":
        """The stamps of what was found."""
        return self.stamps

    def check(self, recorded: "Any") -> "Any":
        """As a ``SourceTree`` does; what was stamped a moment ago is not looked at once more."""
        if recorded is not self.stamps:
            return super().check(recorded)
        for path, stamp in recorded.items():
            if stamp == _DISTRUSTED:
                raise CacheMiss("SOURCE_CHANGED", path)
        return None

    def add(self, files: "Iterable[str]") -> None:
        """Stamp files as they are now.

        One that was edited after the registry was declared may have been imported before: the
        answer is made from the old text, so the stamp is one that never holds, and the answer is
        not written.
        """
        from ._cold.stamps import stamp_trees
        from ._file import absolute

        paths = [absolute(each) for each in files if each]
        self.add_stamps(stamp_trees([each for each in paths if each], ()))

    def add_stamps(self, stamps: "Mapping[str, Any]") -> None:
        """Take stamps of files; of modules that are loaded since then they may be older ones."""
        from ._cold.stamps import TICK_NS, edited_since

        self.stamps.update(stamps)
        self.distrust(edited_since(stamps, self.created_ns - TICK_NS))

    def watch_absent(self, paths: "Iterable[str]") -> None:
        """Let the appearance of files or folders that are not there be a change."""
        self.stamps.update((path, None) for path in paths)

    def distrust(self, files: "Iterable[str]") -> None:
        """Give files a stamp that never holds, so that the answer is not written."""
        self.stamps.update((file, _DISTRUSTED) for file in files)


#: The stamp of a file that is to be another one at every start.
_DISTRUSTED = [0, -1, 0, 0, ""]


class Declared(Input):
    """What a registry and its plugins are declared to depend on: files, variables, distributions.

    Two registries that differ in nothing else share one cache file; each refuses the other's.

    Args:
        depends_on: What the registry declares, ``File``, ``EnvironmentVariable`` and
            ``Distribution`` objects; order and repetition do not matter.
        created_ns: When the registry was declared, in nanoseconds since the epoch, if modules that
            were imported since may have read what is declared: an answer is not written if that
            has changed. ``None`` if whoever builds an answer reads all of it anew.

    Raises:
        ConfigError: ``depends_on`` is something else (a ``ValueError``).

    >>> from regcache_core import File
    >>> Declared([File("/usr/share/palettes"), File("/usr/share/palettes")]).depends_on
    (File('/usr/share/palettes'),)
    """

    def __init__(
        self, depends_on: "Collection[Dependency]" = (), created_ns: "int | None" = None
    ) -> None:
        super().__init__("depends_on", dict)
        self.depends_on = _sorted(depends_on)
        self.created_ns = created_ns
        self._found: set[Dependency] = set()
        self._completed: dict[str, Any] | None = None

    def add(self, depends_on: "Collection[Dependency]") -> None:
        """Record also what a plugin declares, which was found while the answer was computed.

        Raises:
            ConfigError: It is no list of dependencies.
        """
        self._found.update(_sorted(depends_on))

    def record(self) -> "dict[str, Any]":
        """What is declared as it is now; all environment variables, since a plugin may set some."""
        environment = dict(os.environ)
        start = {"environment": environment, "start_ns": time_ns()}
        if not self.depends_on:
            return start
        from ._dependencies import describe

        return {**start, "declared": describe(self.depends_on, environment)}

    def complete(self, recorded: "dict[str, Any]") -> "dict[str, Any]":
        """The record of all that is declared; empty if nothing is.

        Raises:
            CacheMiss: Something of it changed after it may have been read.
        """
        found = self._found - {*self.depends_on}
        if not found and not self.depends_on:
            return {}
        from ._cold.stamps import TICK_NS
        from ._dependencies import describe, join, refuse_outdated

        environment, start_ns = recorded["environment"], recorded["start_ns"]
        by_plugins = _sorted(found)
        now = describe(by_plugins, environment)
        completed = join(self.depends_on, recorded.get("declared", {}), now)
        if self.created_ns is not None:
            dependencies = [*self.depends_on, *by_plugins]
            since_ns = self.created_ns - TICK_NS
            refuse_outdated(dependencies, completed, environment, start_ns, since_ns)
        self._completed = completed
        return completed

    def check(self, recorded: "Any") -> "Any":
        """Compare what is recorded with what is declared and with what is the case now."""
        if recorded.__class__ is not dict:
            raise CacheMiss("WRONG_SHAPE", self.member, recorded)
        if not recorded and not self.depends_on:
            return None
        from ._dependencies import check

        # The answer of this process is made from the variables as they were when its search
        # started; what a plugin has set since, it will set again.
        are_ours = recorded is self._completed
        return check(recorded, self.depends_on, SourceTree(()).check, not are_ours)


def _sorted(depends_on: "Collection[Dependency]") -> "tuple[Dependency, ...]":
    if depends_on == ():
        return ()
    from .depends import as_dependencies

    return as_dependencies(depends_on)

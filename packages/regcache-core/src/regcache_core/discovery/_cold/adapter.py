"""What a kind of registry tells its ``Listing``: the protocol ``Adapter``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from ..._inputs import Input
    from ...depends import Dependency
    from ..inputs import EditedModules, ImportPath
    from ..listing import Cache
    from .importing import Discovered

S_co = TypeVar("S_co", covariant=True)


class Adapter(Protocol[S_co]):
    """What a kind of registry tells its ``Listing``.

    ``S_co`` is the state that it makes from an answer; its own business.
    """

    @property
    def name(self) -> str:
        """What the registry is called in messages."""

    @property
    def package(self) -> str:
        """The package that is searched."""

    @property
    def application(self) -> str:
        """The top-level package that owns the plugins."""

    @property
    def created_ns(self) -> int:
        """When the registry was declared, in nanoseconds since the epoch."""

    @property
    def depends_on(self) -> Collection[Dependency]:
        """What the answer is declared to depend on."""

    @property
    def entry_points(self) -> str:
        """Group of entry points that add plugins; empty for none."""

    @property
    def enable_cache(self) -> bool:
        """Whether there is to be a cache."""

    @property
    def may_rediscover(self) -> bool:
        """Whether a missing key may start a discovery."""

    @property
    def light_modules(self) -> tuple[str, ...]:
        """Modules that may wait for other threads while they are imported."""

    def lookup_errors(self) -> tuple[type[Exception], ...]:
        """What a lookup raises where a key is missing, or its plugin fails."""

    def anonymous_part(self) -> str:
        """What has no lasting text, so that there can be no cache; empty if all has."""

    def cache_name(self) -> str:
        """What tells the registry's cache from that of every other registry."""

    def version(self) -> str:
        """The version that the answer belongs to, beside those of its inputs."""

    def settings(self) -> dict[str, Any]:
        """The registry's own set-up, as JSON values."""

    def inputs(self) -> list[Input]:
        """What the answer depends on beside that, such as sources."""

    def edited(self) -> EditedModules:
        """Whether modules hold what their files say."""

    def contains(self, module: str) -> bool:
        """Whether a module lies in the package: no other may be imported for a cache file."""

    def make_check(self, import_path: ImportPath) -> Callable[[Any], Any]:
        """A function that gives back a record, and raises for one that is none of ours."""

    def read_extra(
        self, extra: dict[str, Any], records: Mapping[Any, Any], decode: Callable[[str], Any]
    ) -> Any:
        """What a file has beside the records, as it is kept.

        Raises:
            CacheMiss: It is nothing that we write.
        """

    def state(self) -> S_co | None:
        """The state, if there is one."""

    def so_far(self) -> S_co:
        """What is there for a reader in the middle of a discovery."""

    def combined(self, records: Mapping[Any, Any]) -> S_co:
        """A state that is not published, of what was found and what is there."""

    def publish(self, records: Mapping[Any, Any], beside: Any) -> S_co:
        """Make the state, unless another thread has; gives the one that is published."""

    def publish_anew(self, records: Mapping[Any, Any], beside: Any) -> S_co:
        """Make the state anew."""

    def take_over(self) -> Callable[[Mapping[Any, Any], Any], S_co]:
        """A function that makes the state anew, with what is loaded left as it is."""

    def answer(self) -> tuple[Mapping[Any, Any], Any]:
        """What the state was made from."""

    def drop_moved(self, records: Mapping[Any, Any]) -> None:
        """Forget what is loaded from modules that are not there any more."""

    def is_used(self) -> bool:
        """Whether a plugin that looks may see what it would not see in a fresh process."""

    def discover(self, cache: Cache) -> Discovered:
        """Import the plugins and describe them."""

    def warn(self, found: Discovered) -> None:
        """Tell of what failed in a discovery."""

"""The public names of regcache_meta: sorted, there, documented; examples in them run."""

from public_names import PublicNames

import regcache_meta


class TestNames(PublicNames):
    """The names of the package for registries of classes."""

    package = regcache_meta
    reference = "api/meta.rst"
    examples = (
        "regcache_meta.registration.AutoRegisterMeta",
        "regcache_meta.lazydict.LazyDiscoveryDict",
    )

"""The public names of regcache_functions: sorted, there, documented; examples in them run."""

from public_names import PublicNames

import regcache_functions


class TestNames(PublicNames):
    """The names of the package for registries of functions."""

    package = regcache_functions
    reference = "api/functions.rst"
    examples = (
        "regcache_functions.registry.FunctionRegistry",
        "regcache_functions.registry.FunctionRegistry.scan",
    )
    names_are_given = True

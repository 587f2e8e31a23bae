"""The functions of scikit-image that pass the contract trial, as an application's registry.

Declaring it imports neither scikit-image nor numpy: the trial, which needs both, is given by name
and imported when there is something to try.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Executor
    from typing import Any

from regcache_functions import FunctionRegistry


def image_functions(executor: "Executor | None" = None) -> "FunctionRegistry[Any]":
    """The registry; an executor tries the functions in processes of their own."""
    return FunctionRegistry.scan("skimage", probe="contracts:classify", executor=executor)

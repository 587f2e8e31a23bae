"""The functions of scikit-image that pass the contract trial, as an application's registry.

Declaring it imports neither scikit-image nor numpy: the trial, which needs both, is imported when
it is called.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from typing import Any

from regcache_functions import FunctionRegistry

#: Raised when `contracts` answers otherwise: edits of this module alone are noticed by themselves.
TRIAL_VERSION = "1"


def contract_of(function: "Callable[..., Any]") -> "dict[str, str]":
    """The contract of a function, or an error that says why it has none."""
    from contracts import classify

    return classify(function)


def image_functions(executor: "Executor | None" = None) -> "FunctionRegistry[Any]":
    """The registry; an executor tries the functions in processes of their own."""
    return FunctionRegistry.scan(
        "skimage", probe=contract_of, probe_version=TRIAL_VERSION, executor=executor
    )

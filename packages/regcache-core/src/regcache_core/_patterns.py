"""Names of packages and modules by patterns: what fits, what lies in them, what is left out."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def is_pattern(name: str) -> bool:
    """Whether the name of a module has wildcards, as ``fnmatch`` has them."""
    return "*" in name or "?" in name or "[" in name


def head_of(package: str) -> str:
    """What stands before the first part of a name that is a pattern; all of it if none is.

    >>> head_of("app.*.readers"), head_of("app.readers")
    ('app', 'app.readers')
    """
    parts = package.split(".")
    end = next((at for at, part in enumerate(parts) if is_pattern(part)), len(parts))
    return ".".join(parts[:end])


def within(module: str, packages: "Iterable[str]") -> str:
    """The package that a module lies in, of some that are meant; empty if it lies in none.

    Args:
        module: Full name of the module.
        packages: Names and patterns.

    >>> within("ext.tiff.reader", ["app", "ext.t*"]), within("ext.png", ["app", "ext.t*"])
    ('ext.tiff', '')
    """
    parts = module.split(".")
    for package in packages:
        own, patterns = parts[: package.count(".") + 1], package.split(".")
        if len(own) == len(patterns) and all(map(fits, own, patterns)):
            return ".".join(own)
    return ""


def excluded_as(
    module: str, packages: "str | Collection[str]", patterns: "Collection[str]"
) -> "tuple[str, str] | None":
    """What leaves a module out of a discovery.

    Args:
        module: Full name of the module.
        packages: The package that is searched; its own name is not compared. Of several the one
            that says most of the module; of a pattern what stands before that.
        patterns: Patterns, as ``fnmatch`` has them, of whole parts of names: ``"tests"`` fits
            ``a.tests.b``, and not ``a.contests``; ``"old.*"`` fits what lies in any ``old``.

    Returns:
        The module itself or the package above it that fits, and the pattern; ``None`` for nothing.

    >>> excluded_as("lab.old.tests.a", "lab", ["setup", "tests"])
    ('lab.old.tests', 'tests')
    """
    if not patterns:
        return None
    packages = [packages] if isinstance(packages, str) else packages
    holders = [each for each in packages if within(module, [each])]
    package = head_of(max(holders or packages or [""], key=lambda each: each.count(".")))
    if module == package:
        return None
    parts = module.removeprefix(f"{package}.").split(".")
    for end in range(1, len(parts) + 1):
        for pattern in patterns:
            start = end - 1 - pattern.count(".")
            if start >= 0 and fits(".".join(parts[start:end]), pattern):
                return ".".join([package, *parts[:end]]), pattern
    return None


def fits(name: str, pattern: str) -> bool:
    """Whether a name, or a part of one, fits a pattern, as ``fnmatch`` has it, case included."""
    if not is_pattern(pattern):
        return name == pattern
    head, _, tail = pattern.partition("*")
    if not is_pattern(head + tail):
        return len(name) >= len(head + tail) and name.startswith(head) and name.endswith(tail)
    from fnmatch import fnmatchcase  # few patterns are others, and it imports re

    return fnmatchcase(name, pattern)

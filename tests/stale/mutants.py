"""Variants of regcache that ignore one input each: the proof must catch every one of them.

Each changes one line of one module. If a line is not there any more, the table must be brought up
to date: there is no patch.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """A regcache that ignores something.

    Args:
        file: Path of the module, from its package on.
        old: Text in it, that occurs once.
        new: What stands there instead.
        operations: What must happen for the difference to be seen; the machine draws from these.
        only: Argument of operations -> the values that it has.
        also: A second file, and what is replaced there, where two inputs see the same.
    """

    file: str
    old: str
    new: str
    operations: tuple[str, ...]
    only: dict[str, list[Any]] = field(default_factory=dict)
    also: tuple[str, str, str] | None = None

    @property
    def patch(self) -> str:
        """Code for the fork server, to be executed before it imports regcache.

        Raises:
            ValueError: What is replaced does not stand in its file, or more than once.
        """
        replaced = [(self.file, self.old, self.new), *([self.also] if self.also else [])]
        for file, old, _ in replaced:
            package, _, place = file.partition("/")
            count = resources.files(package).joinpath(place).read_text("utf-8").count(old)
            if count != 1:
                raise ValueError(f"{file} has {count} times {old!r}")
        return _PATCH + "".join(f"\nmutate({a!r}, {b!r}, {c!r})\n" for a, b, c in replaced)


_PATCH = """
from importlib.machinery import SourceFileLoader

def mutate(file, old, new):
    get_code = SourceFileLoader.get_code

    def get_mutated(self, name):
        path = self.get_filename(name)
        if not path.endswith(file):
            return get_code(self, name)
        return compile(self.get_source(name).replace(old, new), path, "exec")

    SourceFileLoader.get_code = get_mutated
"""

_IMPORTING = "regcache_core/discovery/_cold/importing.py"
_BESIDE = ("cache.elsewhere.add(_places_beside(known, adapter))", "pass")
_PLUGINS = ("add_plugin", "edit_plugin", "remove_plugin")
_INPUTS = "regcache_core/_inputs.py"
_STAMPS = "regcache_core/_cold/stamps.py"
_MANAGER = "regcache_core/_manager.py"
_SEARCHED = "regcache_core/discovery/_cold/search_path.py"
_RECORDING = "regcache_core/discovery/_cold/import_hook.py"
_DEPENDENCIES = "regcache_core/_dependencies.py"
_ENTRY_POINTS = ("install_plugin", "uninstall_plugin")
_ASKED = {"entry_points": [True]}
_OPTIONAL = ("optional_appears", "optional_disappears")
_DISTRIBUTION = ("install_distribution", "uninstall_distribution")

#: What is ignored -> the variant. The size and the modification time of a file are not among them:
#: where ctime is the change of the inode, neither moves without it. Nor are the files of base
#: classes and of plugins of other distributions, nor modules that go away or are hidden: the files
#: of all that can be edited are watched as well.
MUTANTS = {
    "change of the inode": Mutant(
        _INPUTS, "or ctime_ns != now.st_ctime_ns", "", ("edit_plugin", "edit_helper")
    ),
    "another file": Mutant(_INPUTS, "or inode != now.st_ino", "", ("link_plugin", "link_folder")),
    "content": Mutant(_STAMPS, 'if new[-1] == old[-1] != "":', "if True:", _PLUGINS),
    "names in folders": Mutant(
        _STAMPS, "if some:", "if False:", ("add_plugin", "remove_plugin", "rename_plugin")
    ),
    "young entries": Mutant(
        _STAMPS,
        "MEANINGLESS_NS < changed_ns < time.time_ns() - RACY_NS",
        "True",
        _PLUGINS,
        {"clock": ["coarse"]},
    ),
    "clocks that stand still": Mutant(
        _STAMPS, "MEANINGLESS_NS < changed_ns <", "changed_ns <", _PLUGINS, {"clock": ["still"]}
    ),
    "sub-packages": Mutant(
        _STAMPS, "for name in folders + files:", "for name in files:", ("add_plugin", "edit_plugin")
    ),
    "byte code": Mutant(
        _INPUTS, '".py", ".pyc", ', '".py", ', ("compile_plugin", "remove_byte_code")
    ),
    "machine code": Mutant(_INPUTS, '".so", ', "", ("toggle_extension_module",)),
    "archives": Mutant(
        _STAMPS, "stamps[path] = _file_stamp(path, os.stat(path))", "pass", ("bundle_portion",)
    ),
    "portions": Mutant(
        "regcache_core/discovery/meant.py",
        "for place in places]\n",
        "for place in places[:1]]\n",
        ("add_beside", "remove_beside"),
        {"kind": ["pack"], "top": ["portion"]},
        also=(_IMPORTING, *_BESIDE),
    ),
    "packages that a pattern means": Mutant(
        "regcache_core/discovery/meant.py",
        'before, now = recorded["packages"], self._placed()',
        'before = now = recorded["packages"]',
        ("add_to_namespace", "remove_from_namespace", "add_plugin"),
        {"kind": ["pack"]},
    ),
    "what a package adds to its path": Mutant(
        _IMPORTING,
        *_BESIDE,
        ("add_beside", "remove_beside", "grow_path"),
        {"kind": ["readers", "filters", "lib"], "top": ["beside"]},
    ),
    "folders of data that get Python": Mutant(
        _STAMPS,
        "return any(entry.name.endswith(suffixes) for entry in entries)",
        "return False",
        ("fill_data", "edit_plugin", "rewrite_plugin"),
        {
            "kind": ["readers", "filters"],
            "style": ["with or without a folder of data"],
            "place": ["data/more"],
            "file": ["part.py"],
        },
    ),
    "version, of classes": Mutant(
        "regcache_meta/caching.py",
        'return str(vars(root).get("__version__", "")) if root else ""',
        'return ""',
        ("change_version", "add_plugin"),
    ),
    "version, of functions": Mutant(
        "regcache_core/discovery/listing.py",
        'return str(vars(root).get("__version__", "")) if root else ""',
        'return ""',
        ("change_version", "add_plugin"),
    ),
    "settings, of classes": Mutant(
        "regcache_meta/caching.py", '"facts": list(config.facts),', "", ("change_options",)
    ),
    "whose a key is that several classes claim": Mutant(
        "regcache_meta/caching.py",
        '"on_duplicate": config.on_duplicate,',
        "",
        ("change_options", "add_plugin"),
        {"kind": ["readers"], "style": ["same key"]},
    ),
    "classes from elsewhere": Mutant(
        "regcache_meta/_cold/discovery.py",
        "cache.elsewhere.add(_files_elsewhere(scope, classes))",
        "pass",
        ("edit_outside", "add_plugin"),
        {"kind": ["readers", "pack"], "style": ["from vendor", "mixed in"]},
    ),
    "the place of the application": Mutant(
        "regcache_core/_manager.py", '"home": _home_of(application),', "", ("shadow", "unshadow")
    ),
    "age": Mutant(_INPUTS, "now - recorded > self.max_age_s", "False", ("age_caches",)),
    "the future": Mutant(_INPUTS, "if recorded > now:", "if False:", ("age_caches",)),
    "edits while plugins are imported": Mutant(
        "regcache_core/_cold/saving.py",
        "_scan_to_save(manager) or record(inputs)",
        "record(inputs)",
        ("change_during_discovery", "edit_plugin"),
    ),
    "modules that nothing finds": Mutant(
        _RECORDING,
        "recorder.modules[name] = None",
        "pass",
        (*_OPTIONAL, "add_plugin"),
        {"style": ["with or without, by name"], "name": ["opt_a"], "file": ["opt_a.py"]},
    ),
    "what was missing for modules that are loaded early": Mutant(
        "regcache_core/discovery/_cold/loaded.py",
        "MISSED.update(dict.fromkeys(missing))",
        "pass",
        (*_OPTIONAL, "add_plugin"),
        {"style": ["found by an early module"], "name": ["opt_a"], "file": ["opt_a.py"]},
    ),
    "missing sub-modules": Mutant(
        _SEARCHED,
        ", **_inside(absent, path.application)}",
        "}",
        (*_OPTIONAL, "optional_in_app", "add_plugin"),
        {"style": ["missing submodule", "with or without module of app"], "clock": ["fine"]},
    ),
    "distributions": Mutant(
        _SEARCHED,
        "_compare_metadata(recorded, old, new)\n",
        "pass\n",
        (*_DISTRIBUTION, "add_plugin"),
        {"style": ["of distribution", "version of distribution"], "kind": ["pack", "lib"]},
    ),
    "distributions that nothing finds": Mutant(
        _RECORDING,
        "recorder.distributions[name] = None",
        "pass",
        (*_DISTRIBUTION, "add_plugin"),
        {"style": ["version of distribution"], "kind": ["pack", "lib"]},
    ),
    "modules elsewhere in the application": Mutant(
        "regcache_core/discovery/_cold/loaded.py",
        "_watch({name: editable[name] for name in watched}, files)",
        "pass",
        ("edit_util", "add_plugin"),
        {"style": ["fact from util", "util by name"], "kind": ["readers", "filters", "pack"]},
    ),
    "declared variables": Mutant(
        _DEPENDENCIES,
        '_check_variables(recorded.get("variables", {}))',
        "pass",
        ("set_variable", "add_plugin"),
        {"style": ["variable", "key from variable"]},
    ),
    "declared files": Mutant(
        _DEPENDENCIES,
        "renewed = check_files(files)",
        "renewed = None",
        ("edit_data", "add_plugin"),
        {"style": ["data file"]},
    ),
    "declarations of plugins": Mutant(
        "regcache_meta/_cold/discovery.py",
        "cache.declared.add(dependencies_of(cls))",
        "pass",
        ("set_variable", "add_plugin"),
        {"style": ["own declaration"], "kind": ["readers", "pack"], "name": ["OWN_MODE"]},
    ),
    "keys that plugins take from each other": Mutant(
        "regcache_meta/_cold/discovery.py",
        "found.setdefault(mapping._called, set()).add(key)\n                involved.update((",
        "involved.update((",
        ("add_plugin", "rewrite_plugin"),
        {"kind": ["readers", "pack"], "style": ["plain", "overrides a key", "renames a key"]},
    ),
    "failures of the moment": Mutant(
        "regcache_core/discovery/_cold/failures.py",
        "self.transient = self.transient or error",
        "pass",
        ("fail_now",),
    ),
    "stand-ins": Mutant(
        _IMPORTING,
        "if stand_in:",
        "if False:",
        ("stand_in", "add_plugin"),
        {"style": ["fact from util", "key from helper"], "name": ["app.util", "helper"]},
    ),
    "what modules assign in secondary registries": Mutant(
        "regcache_meta/_cold/discovery.py",
        'places[key] = modules[0], {"module": modules[0]}',
        "pass",
        _PLUGINS,
        {"kind": ["readers"], "style": ["plain", "sets labels", "removes a label"]},
    ),
    "entry points": Mutant(
        _SEARCHED, "_compare_installed(recorded, things)\n", "pass\n", _ENTRY_POINTS, _ASKED
    ),
    "entry points without a package": Mutant(
        _SEARCHED,
        "_compare_installed(recorded, things)\n",
        "pass\n",
        (*_ENTRY_POINTS, "name_plugin_elsewhere", "uninstall_second"),
        {"alone": [True], "kind": ["pack"], "names": ["object"]},
    ),
    "sources of entry points without a package": Mutant(
        "regcache_core/discovery/_cold/entry_points.py",
        "cache.elsewhere.add(sources_of(module_of(value)))",
        "pass",
        (*_ENTRY_POINTS, "edit_installed_plugin"),
        {"alone": [True], "kind": ["filters"], "names": ["object"], "editable": [False]},
        (
            "regcache_functions/_cold/discovery.py",
            "cache.elsewhere.add(file_of(home) for home in homes if is_outside(adapter, home))",
            "pass",
        ),
    ),
    "eggs": Mutant(
        "regcache_core/_modules.py",
        'name == "egg-info" and folder.lower().endswith(".egg")',
        "False",
        ("install_egg", "uninstall_egg", "add_plugin"),
        {"style": ["version of distribution"], "kind": ["pack", "lib"]},
    ),
    "files of entry points": Mutant(
        _SEARCHED,
        'if any(stamp_of(file) != stamp for file, stamp in recorded["files"].items()):',
        "if False:",
        ("break_metadata", "install_plugin"),
        _ASKED,
    ),
    # Those of classes are among the files of base classes and of imported modules, too.
}
if hasattr(sys, "set_lazy_imports"):  # since Python 3.15
    MUTANTS["mode of lazy imports"] = Mutant(
        _MANAGER,
        'f"-O{sys.flags.optimize}", *lazy_options()',
        'f"-O{sys.flags.optimize}"',
        ("import_lazily", "add_plugin"),
        {"style": ["missing", "missing in app"]},
    )

"""Sphinx configuration: reStructuredText, autodoc of all packages, no network."""

from __future__ import annotations

from regcache_core.__about__ import __version__

project = "regcache"
author = "The regcache developers"
copyright = "2026, The regcache developers"
release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# Docstring examples run where they stand; prose examples are `.. doctest::` or `.. testcode::`.
doctest_test_doctest_blocks = "default"
doctest_global_setup = """
from regcache_core import *
from regcache_core.discovery import *
from regcache_functions import *
from regcache_meta import *
"""
trim_doctest_flags = True

html_theme = "furo"
html_title = f"regcache {release}"

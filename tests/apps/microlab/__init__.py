"""A small laboratory application with five plugin registries: real input for regcache."""

__version__ = "0.3.7"

"""The version of regcache-core, and nothing else."""

__version__ = "0.2.0"

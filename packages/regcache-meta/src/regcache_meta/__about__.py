"""The version of regcache-meta, and nothing else."""

__version__ = "0.2.0"

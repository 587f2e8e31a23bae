"""The version of regcache-functions, and nothing else."""

__version__ = "0.2.0"

"""The version of regcache-functions, and nothing else."""

__version__ = "0.1.0"

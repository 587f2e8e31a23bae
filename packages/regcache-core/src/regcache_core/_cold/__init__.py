"""Imported by no start that hits: what discovers, converts, writes and explains."""

"""Imported by no start that hits: what discovers, describes and verifies."""

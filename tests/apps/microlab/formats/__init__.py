"""Formats of analysis results, one module each."""

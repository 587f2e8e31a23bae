"""Microscope handlers, one module each."""

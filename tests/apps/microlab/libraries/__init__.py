"""Library registries, one module each."""

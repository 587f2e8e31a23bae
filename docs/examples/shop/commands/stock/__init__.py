"""Look after the stock."""

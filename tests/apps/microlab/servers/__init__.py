"""ZMQ servers, one module each."""

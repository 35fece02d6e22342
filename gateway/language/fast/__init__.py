"""The compiler of simple templates to Python functions."""

"""The template language: its syntax, its functions, and how values are written. Pure."""

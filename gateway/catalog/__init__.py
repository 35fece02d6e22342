"""The documents of services: reading, checking, compiling, and selection by event name."""

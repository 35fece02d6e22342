"""The documents of services: read, checked, compiled, chosen by the name of an event."""
